"""A bad network: forwards frames between a guest's tap and a tap of its own, losing, repeating,
delaying and reordering them.

usage: impair.py GUEST_TAP HOST_TAP [--loss P] [--duplication P] [--reordering P] [--delay MS]
                 [--seed N]

Makes HOST_TAP, which the caller then gives an address; every frame that one of the taps sends goes
to the other. Segments that the guest left to its device to cut are cut here, as a network card
does, so that each is lost on its own. An interrupt prints how many frames met which fate, and ends.
"""
import argparse
import array
import fcntl
import heapq
import os
import random
import select
import signal
import socket
import struct
import sys
import time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000  # <linux/if_tun.h>
SOL_PACKET, PACKET_VNET_HDR = 263, 15  # <linux/if_packet.h>
ETH_P_ALL = 3
# struct virtio_net_hdr (virtio 1.1, section 5.1.6), as the host's byte order has it.
OFFLOAD = struct.Struct("=BBHHHH")
NEEDS_CHECKSUM, SEGMENT_TCP4 = 1, 1
LINK = 14
MOST = 1 << 17


def folded(data):
    """The one's complement sum of 16-bit words, in the byte order of memory."""
    if len(data) % 2:
        data = bytes(data) + b"\0"
    total = sum(array.array("H", bytes(data)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def seal(frame, start, field):
    """Completes a checksum whose field holds the sum of the pseudo-header."""
    checksum = ~folded(frame[start:]) & 0xFFFF
    frame[field:field + 2] = struct.pack("=H", checksum or 0xFFFF)


def cut(frame, header_count, segment_count, field):
    """The segments of a frame that the guest left to its device to cut (TCP over IPv4)."""
    transport = LINK + (frame[LINK] & 15) * 4
    identifier, = struct.unpack_from(">H", frame, LINK + 4)
    sequence, = struct.unpack_from(">I", frame, transport + 4)
    payload = frame[header_count:]
    for index, offset in enumerate(range(0, len(payload), segment_count)):
        part = payload[offset:offset + segment_count]
        segment = bytearray(frame[:header_count]) + part
        struct.pack_into(">HH", segment, LINK + 2, len(segment) - LINK, (identifier + index) & 0xFFFF)
        segment[LINK + 10:LINK + 12] = b"\0\0"
        checksum = ~folded(segment[LINK:transport]) & 0xFFFF
        segment[LINK + 10:LINK + 12] = struct.pack("=H", checksum)
        struct.pack_into(">I", segment, transport + 4, (sequence + offset) & 0xFFFFFFFF)
        if offset + segment_count < len(payload):
            segment[transport + 13] &= ~0x09  # FIN and PSH belong to the last one
        pseudo = bytes(segment[LINK + 12:LINK + 20]) + struct.pack(
            ">BBH", 0, 6, len(segment) - transport)
        segment[field:field + 2] = struct.pack("=H", folded(pseudo))
        seal(segment, transport, field)
        yield segment


class GuestSide:
    """What the guest's network card sends and receives."""

    def __init__(self, tap):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        self.socket.bind((tap, ETH_P_ALL))

    def fileno(self):
        return self.socket.fileno()

    def read(self):
        data, address = self.socket.recvfrom(MOST)
        if address[2] == socket.PACKET_OUTGOING:
            return
        flags, kind, header_count, segment_count, start, offset = OFFLOAD.unpack_from(data)
        frame = bytearray(data[OFFLOAD.size:])
        if kind & 0x7F == SEGMENT_TCP4:
            transport = LINK + (frame[LINK] & 15) * 4
            header_count = transport + (frame[transport + 12] >> 4) * 4
            yield from cut(frame, header_count, segment_count, start + offset)
            return
        if flags & NEEDS_CHECKSUM:
            seal(frame, start, start + offset)
        yield frame

    def write(self, frame):
        self.socket.send(bytes(OFFLOAD.size) + frame)


class HostSide:
    """A tap whose other end is this process."""

    def __init__(self, tap):
        self.file = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(self.file, TUNSETIFF, struct.pack("16sH22x", tap.encode(), IFF_TAP | IFF_NO_PI))

    def fileno(self):
        return self.file

    def read(self):
        yield os.read(self.file, MOST)

    def write(self, frame):
        os.write(self.file, frame)


class Wire:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.waiting = []
        self.order = 0
        self.counts = dict.fromkeys(("frames", "lost", "repeated", "reordered"), 0)

    def happens(self, probability, name):
        if self.random.random() >= probability:
            return False
        self.counts[name] += 1
        return True

    def carry(self, frame, side):
        self.counts["frames"] += 1
        if self.happens(self.options.loss, "lost"):
            return
        for _ in range(1 + self.happens(self.options.duplication, "repeated")):
            delay = self.options.delay / 1000
            if self.happens(self.options.reordering, "reordered"):
                delay += self.random.uniform(0.0002, 0.003)
            self.order += 1
            heapq.heappush(self.waiting, (time.monotonic() + delay, self.order, frame, side))

    def deliver(self):
        """Sends what is due; returns the seconds until something else is."""
        while self.waiting:
            wait = self.waiting[0][0] - time.monotonic()
            if wait > 0:
                return wait
            _, _, frame, side = heapq.heappop(self.waiting)
            try:
                side.write(frame)
            except OSError:  # the other side is down: its frames are lost
                self.counts["lost"] += 1
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("guest_tap")
    parser.add_argument("host_tap")
    for name in ("loss", "duplication", "reordering", "delay"):
        parser.add_argument("--" + name, type=float, default=0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    wire = Wire(options)
    guest, host = GuestSide(options.guest_tap), HostSide(options.host_tap)
    other = {guest: host, host: guest}
    print("impair: ready", flush=True)
    try:
        while True:
            readable, _, _ = select.select([guest, host], [], [], wire.deliver())
            for side in readable:
                try:
                    frames = list(side.read())
                except OSError:  # not up yet
                    continue
                for frame in frames:
                    wire.carry(frame, other[side])
    except KeyboardInterrupt:
        print("impair:", *(f"{name} {count}" for name, count in wire.counts.items()), flush=True)
        sys.exit(0)


if __name__ == "__main__":
    main()
