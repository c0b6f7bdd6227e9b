"""Who is to blame for segments that were sent again: the one who sent them, or the one who answered late.

A repetition is needless on the sender's side when the acknowledgment it lacked had been handed to it
before: it lay unread in a queue of the sender's. Otherwise the other side had not answered yet.
"""
import collections
import struct

# A frame of the capture: Ethernet, IPv4, TCP, without VLAN tags.
ETHERNET = 14
SYN_OR_FIN = 0x03


def segments(path):
    """Time in seconds, flow, sequence number, end, acknowledgment, and the flags, of each segment of a
    classic pcap file in microseconds."""
    with open(path, "rb") as file:
        magic = struct.unpack("<I", file.read(24)[:4])[0]
        if magic != 0xA1B2C3D4:
            raise ValueError("not a pcap file with microseconds")
        while len(header := file.read(16)) == 16:
            seconds, microseconds, kept, _ = struct.unpack("<4I", header)
            frame = file.read(kept)
            if len(frame) < ETHERNET + 40 or frame[12:14] != b"\x08\x00" or frame[23] != 6:
                continue
            network = ETHERNET
            transport = network + 4 * (frame[network] & 15)
            total = struct.unpack_from("!H", frame, network + 2)[0]
            ports = frame[transport:transport + 4]
            sequence, acknowledgment = struct.unpack_from("!II", frame, transport + 4)
            flags = frame[transport + 13]
            text = total - (transport - network) - 4 * (frame[transport + 12] >> 4)
            length = text + bin(flags & SYN_OR_FIN).count("1")
            flow = (frame[network + 12:network + 16], frame[network + 16:network + 20], ports)
            yield (seconds + microseconds / 1e6, flow, sequence, (sequence + length) % 2**32,
                   acknowledgment, flags)


def reverse(flow):
    source, target, ports = flow
    return target, source, ports[2:] + ports[:2]


def distance(later, earlier):
    """Of two sequence numbers, signed."""
    return (later - earlier + 2**31) % 2**32 - 2**31


def repetitions(path):
    """For each segment that was sent again: when, by which address, whether its acknowledgment had been
    sent before, and how long before, or how long ago the segment was sent first, in seconds."""
    sent = collections.defaultdict(dict)
    acknowledged = {}
    for now, flow, sequence, end, acknowledgment, flags in segments(path):
        if flags & 0x10:
            known = acknowledged.get(reverse(flow))
            if known is None or distance(acknowledgment, known[0]) > 0:
                acknowledged[reverse(flow)] = (acknowledgment, now)
                earlier = sent[reverse(flow)]
                if len(earlier) > 4096:
                    for old in [old for old in earlier if distance(acknowledgment, old) > 2**16]:
                        del earlier[old]
        if end == sequence:
            continue
        first = sent[flow].setdefault(end, now)
        if first == now:
            continue
        known = acknowledged.get(flow)
        was_answered = known is not None and distance(known[0], end) >= 0
        yield now, ".".join(map(str, flow[0])), was_answered, now - (known[1] if was_answered else first)
