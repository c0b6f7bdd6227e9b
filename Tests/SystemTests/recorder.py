"""A vhost-user back end that moves frames between a guest and a tap of its own, and writes down what the
guest leaves to its card: one JSON object a line for each frame that the guest sends.

usage: recorder.py SOCKET TAP

It speaks what is needed of the protocol (QEMU, docs/interop/vhost-user.rst), for one pair of queues,
and ends when its guest does.
"""
import fcntl
import json
import mmap
import os
import select
import socket
import struct
import sys

TUNSETIFF, TUNSETOFFLOAD, TUNSETVNETHDRSZ = 0x400454CA, 0x400454D0, 0x400454D8  # <linux/if_tun.h>
IFF_TAP, IFF_NO_PI, IFF_VNET_HDR, TUN_F_CSUM = 0x0002, 0x1000, 0x4000, 1
# CSUM, GUEST_CSUM, HOST_TSO4, INDIRECT_DESC, VERSION_1 (virtio 1.1, sections 5.1.3 and 6), and
# VHOST_USER_F_PROTOCOL_FEATURES.
FEATURES = 1 << 0 | 1 << 1 | 1 << 11 | 1 << 28 | 1 << 32 | 1 << 30
NEXT, WRITE, INDIRECT = 1, 2, 4
# struct virtio_net_hdr (section 5.1.6).
HEADER = struct.Struct("<BBHHHHH")
FIELDS = ["flags", "segmentation", "headerByteCount", "segmentByteCount", "checksumStart",
          "checksumOffset", "bufferCount"]
# So much of a frame is written down: no header is longer.
SHOWN = 128


class Queue:
    """A split virtqueue from the device's side (virtio 1.1, section 2.6)."""

    def __init__(self):
        self.size = self.taken = 0
        self.places = None
        self.kick = self.call = -1
        self.is_enabled = False

    def is_ready(self):
        return self.is_enabled and self.places is not None and self.kick >= 0

    def take(self, memory):
        """The first descriptor of the next chain and its buffers, or nothing."""
        _, available, _ = self.places
        if struct.unpack("<H", memory.read(available + 2, 2))[0] == self.taken:
            return None
        place = available + 4 + 2 * (self.taken % self.size)
        head = struct.unpack("<H", memory.read(place, 2))[0]
        self.taken = self.taken + 1 & 0xFFFF
        return head, list(self.buffers(memory, self.places[0], head))

    def buffers(self, memory, table, index):
        while True:
            place, count, flags, following = struct.unpack(
                "<QIHH", memory.read(table + 16 * index, 16))
            if flags & INDIRECT:
                yield from self.buffers(memory, memory.guest(place), 0)
                return
            yield memory.guest(place), count, bool(flags & WRITE)
            if not flags & NEXT:
                return
            index = following

    def give(self, memory, head, count):
        """One at a time: the position in the used ring is that of the chain last taken."""
        used = self.places[2]
        place = used + 4 + 8 * ((self.taken - 1) % self.size)
        memory.write(place, struct.pack("<II", head, count))
        memory.write(used + 2, struct.pack("<H", self.taken))
        if self.call >= 0 and not struct.unpack("<H", memory.read(self.places[1], 2))[0] & 1:
            os.write(self.call, struct.pack("=Q", 1))


class Memory:
    """The guest's, by addresses of the front end's process."""

    def __init__(self, table, files):
        count = struct.unpack_from("<I", table)[0]
        self.regions = []
        for index, file in zip(range(count), files):
            guest, size, user, offset = struct.unpack_from("<QQQQ", table, 8 + 32 * index)
            self.regions.append((guest, size, user, offset, mmap.mmap(file, size + offset)))

    def guest(self, address):
        for guest, size, user, _, _ in self.regions:
            if guest <= address < guest + size:
                return user + address - guest
        raise ValueError(f"the guest has no memory at {address:#x}")

    def place(self, address):
        for _, size, user, offset, mapped in self.regions:
            if user <= address < user + size:
                return mapped, offset + address - user
        raise ValueError(f"the front end has no memory at {address:#x}")

    def read(self, address, count):
        mapped, start = self.place(address)
        return mapped[start:start + count]

    def write(self, address, data):
        mapped, start = self.place(address)
        mapped[start:start + len(data)] = data


class BackEnd:
    def __init__(self, path, tap):
        self.tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR
        fcntl.ioctl(self.tap, TUNSETIFF, struct.pack("16sH22x", tap.encode(), flags))
        fcntl.ioctl(self.tap, TUNSETVNETHDRSZ, struct.pack("=i", HEADER.size))
        fcntl.ioctl(self.tap, TUNSETOFFLOAD, TUN_F_CSUM)
        self.queues = [Queue(), Queue()]
        self.memory = None
        self.waiting = []
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        print("listening", flush=True)
        self.peer = listener.accept()[0]

    def run(self):
        while True:
            ready, _, _ = select.select([self.peer, self.tap], [], [], 0.001)
            if self.peer in ready and not self.serve():
                return
            if self.tap in ready:
                self.receive()
            self.move()

    def serve(self):
        header, files, _, _ = socket.recv_fds(self.peer, 12, 8)
        if len(header) < 12:
            return False
        request, _, count = struct.unpack("<III", header)
        payload = self.peer.recv(count, socket.MSG_WAITALL) if count else b""
        answer = self.answer(request, payload, files)
        if answer is not None:
            self.peer.sendall(struct.pack("<III", request, 5, len(answer)) + answer)
        return True

    def answer(self, request, payload, files):
        def of_queue():
            return self.queues[payload[0]]
        if request == 1:  # GET_FEATURES
            return struct.pack("<Q", FEATURES)
        if request == 5:  # SET_MEM_TABLE
            self.memory = Memory(payload, files)
        elif request == 8:  # SET_VRING_NUM
            of_queue().size = struct.unpack_from("<I", payload, 4)[0]
        elif request == 9:  # SET_VRING_ADDR: descriptors, used ring, available ring
            descriptors, used, available = struct.unpack_from("<QQQ", payload, 8)
            of_queue().places = (descriptors, available, used)
        elif request == 10:  # SET_VRING_BASE
            of_queue().taken = struct.unpack_from("<I", payload, 4)[0]
        elif request == 11:  # GET_VRING_BASE, which stops the queue
            queue = of_queue()
            queue.kick = -1
            return struct.pack("<II", payload[0], queue.taken)
        elif request == 12 and files:  # SET_VRING_KICK
            of_queue().kick = files[0]
        elif request == 13 and files:  # SET_VRING_CALL
            of_queue().call = files[0]
        elif request == 15:  # GET_PROTOCOL_FEATURES
            return struct.pack("<Q", 0)
        elif request == 18:  # SET_VRING_ENABLE
            of_queue().is_enabled = struct.unpack_from("<I", payload, 4)[0] == 1
        return None

    def receive(self):
        while len(self.waiting) < 256:
            try:
                self.waiting.append(bytearray(os.read(self.tap, 1 << 16)))
            except BlockingIOError:
                return

    def move(self):
        receive, transmit = self.queues
        while transmit.is_ready() and (chain := transmit.take(self.memory)):
            head, buffers = chain
            self.send(b"".join(self.memory.read(place, count) for place, count, _ in buffers))
            transmit.give(self.memory, head, 0)
        while receive.is_ready() and self.waiting and (chain := receive.take(self.memory)):
            frame = self.waiting.pop(0)
            struct.pack_into("<H", frame, HEADER.size - 2, 1)
            count = len(frame)
            for place, room, _ in chain[1]:
                self.memory.write(place, frame[:room])
                frame = frame[room:]
            receive.give(self.memory, chain[0], count)

    def send(self, data):
        record = dict(zip(FIELDS, HEADER.unpack_from(data)))
        record["byteCount"] = len(data) - HEADER.size
        record["start"] = list(data[HEADER.size:HEADER.size + SHOWN])
        print(json.dumps(record), flush=True)
        try:
            os.write(self.tap, data)
        except OSError as error:
            print(f"the tap refuses a frame: {error}", flush=True)


BackEnd(sys.argv[1], sys.argv[2]).run()
