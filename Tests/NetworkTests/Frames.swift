import Packets
import Wire

/// Frames as bytes, made without the code under test. They come from the peer and go to us unless
/// said otherwise.
enum Frames {
  static func bigEndian(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }
  static func bigEndian(_ value: UInt32) -> [UInt8] {
    bigEndian(UInt16(value >> 16)) + bigEndian(UInt16(value & 0xFFFF))
  }
  static func bytes(_ address: MACAddress) -> [UInt8] {
    (0..<6).map { UInt8(truncatingIfNeeded: address.rawValue >> (40 - 8 * UInt64($0))) }
  }

  /// RFC 1071, in the plainest form.
  static func checksum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count, by: 2) {
      sum += UInt32(bytes[index]) << 8 | UInt32(index + 1 < bytes.count ? bytes[index + 1] : 0)
    }
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    return ~UInt16(sum)
  }

  static func ethernet(
    _ type: UInt16, _ payload: [UInt8], to destination: MACAddress = Bench.hardware,
    from source: MACAddress = Bench.peerHardware
  ) -> [UInt8] {
    bytes(destination) + bytes(source) + bigEndian(type) + payload
  }

  static func ipv4(
    _ number: UInt8, _ payload: [UInt8], to destination: IPv4Address = Bench.address,
    from source: IPv4Address = Bench.peer, fragment: UInt16 = 0x4000, identification: UInt16 = 0,
    timeToLive: UInt8 = 64, options: [UInt8] = [], traffic: UInt8 = 0
  ) -> [UInt8] {
    let words = UInt8(5 + options.count / 4)
    var header: [UInt8] = [0x40 | words, traffic]
    header += bigEndian(UInt16(Int(words) * 4 + payload.count)) + bigEndian(identification)
    header += bigEndian(fragment) + [timeToLive, number, 0, 0]
    header += bigEndian(source.rawValue) + bigEndian(destination.rawValue) + options
    header.replaceSubrange(10..<12, with: bigEndian(checksum(header)))
    return header + payload
  }

  static func pseudoHeader(
    _ number: UInt8, _ byteCount: Int, from source: IPv4Address, to destination: IPv4Address
  ) -> [UInt8] {
    bigEndian(source.rawValue) + bigEndian(destination.rawValue) + [0, number]
      + bigEndian(UInt16(byteCount))
  }

  static func udp(
    _ payload: [UInt8], to destinationPort: UInt16 = 7, from sourcePort: UInt16 = 5000,
    source: IPv4Address = Bench.peer, destination: IPv4Address = Bench.address
  ) -> [UInt8] {
    var datagram = bigEndian(sourcePort) + bigEndian(destinationPort)
    datagram += bigEndian(UInt16(8 + payload.count)) + [0, 0] + payload
    let pseudo = pseudoHeader(17, datagram.count, from: source, to: destination)
    let sum = checksum(pseudo + datagram)
    datagram.replaceSubrange(6..<8, with: bigEndian(sum == 0 ? .max : sum))
    return datagram
  }

  /// A TCP segment to port 80.
  static func tcp(
    flags: UInt8 = 0x10, dataOffset: UInt8 = 5, options: [UInt8] = [], _ payload: [UInt8] = [],
    source: IPv4Address = Bench.peer, destination: IPv4Address = Bench.address
  ) -> [UInt8] {
    var segment = bigEndian(4000 as UInt16) + bigEndian(80 as UInt16)
    segment += bigEndian(1000 as UInt32) + bigEndian(2000 as UInt32)
    segment += [dataOffset << 4, flags] + bigEndian(65535 as UInt16) + [0, 0, 0, 0]
    segment += options + payload
    let pseudo = pseudoHeader(6, segment.count, from: source, to: destination)
    segment.replaceSubrange(16..<18, with: bigEndian(checksum(pseudo + segment)))
    return segment
  }

  static func icmp(_ type: UInt8, _ code: UInt8, _ rest: [UInt8]) -> [UInt8] {
    var message = [type, code, 0, 0] + rest
    message.replaceSubrange(2..<4, with: bigEndian(checksum(message)))
    return message
  }

  static func arp(
    _ operation: UInt16, from sender: IPv4Address, at hardware: MACAddress,
    for target: IPv4Address = Bench.address, targetHardware: MACAddress = MACAddress(0),
    to destination: MACAddress = Bench.hardware
  ) -> [UInt8] {
    var packet: [UInt8] = [0, 1, 8, 0, 6, 4] + bigEndian(operation)
    packet += bytes(hardware) + bigEndian(sender.rawValue)
    packet += bytes(targetHardware) + bigEndian(target.rawValue)
    return ethernet(0x0806, packet, to: destination, from: hardware)
  }

  static func packet(_ payload: [UInt8]) -> [UInt8] { ethernet(0x0800, payload) }

  static func echoRequest(payload: [UInt8]) -> [UInt8] {
    packet(ipv4(1, icmp(8, 0, [0x12, 0x34, 0, 1] + payload)))
  }

  static func echoReply(payload: [UInt8]) -> [UInt8] {
    ethernet(
      0x0800,
      ipv4(
        1, icmp(0, 0, [0x12, 0x34, 0, 1] + payload), to: Bench.peer, from: Bench.address),
      to: Bench.peerHardware, from: Bench.hardware)
  }
}
