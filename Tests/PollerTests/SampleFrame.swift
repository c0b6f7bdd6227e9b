import Poller
import Wire

/// Frames written out by hand, as no code under test would write them.
struct SampleFrame {
  var isIPv6 = false
  var isTCP = true
  var isTagged = false
  var payload: [UInt8] = []
  var flags: UInt8 = 0x18
  /// Bytes after the packet, as Ethernet adds to short ones.
  var paddingByteCount = 0
  var fragmentField: UInt16 = 0
  var sourcePort: UInt16 = 40_000

  static let sequence: UInt32 = 0xFFFF_FF00

  var bytes: [UInt8] {
    let transport = isTCP ? tcp : udp
    var frame: [UInt8] = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1]
    if isTagged { frame += [0x81, 0x00, 0x00, 0x05] }
    frame += isIPv6 ? [0x86, 0xDD] : [0x08, 0x00]
    frame += isIPv6 ? ipv6(transport.count) : ipv4(transport.count)
    return frame + transport + [UInt8](repeating: 0xEE, count: paddingByteCount)
  }

  private var tcp: [UInt8] {
    big(sourcePort) + big(UInt16(7)) + big(Self.sequence) + big(UInt32(9)) + [0x80, flags]
      + big(UInt16(500)) + [0, 0, 0, 0] + [1, 1, 8, 10] + big(UInt32(77)) + big(UInt32(78))
      + payload
  }

  private var udp: [UInt8] {
    big(sourcePort) + big(UInt16(7)) + big(UInt16(8 + payload.count)) + [0, 0] + payload
  }

  private func ipv4(_ byteCount: Int) -> [UInt8] {
    var header: [UInt8] = [0x45, 0] + big(UInt16(20 + byteCount)) + big(UInt16(0xFFFF))
    header += big(fragmentField) + [64, isTCP ? 6 : 17, 0, 0, 10, 9, 0, 1, 10, 9, 0, 2]
    let sum = plainSum(header)
    header[10] = UInt8(~sum >> 8 & 0xFF)
    header[11] = UInt8(~sum & 0xFF)
    return header
  }

  private func ipv6(_ byteCount: Int) -> [UInt8] {
    [0x60, 0, 0, 0] + big(UInt16(byteCount)) + [isTCP ? 6 : 17, 64]
      + [0xFD] + [UInt8](repeating: 0, count: 14) + [1]
      + [0xFD] + [UInt8](repeating: 0, count: 14) + [2]
  }
}

/// In network byte order.
func big<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
  withUnsafeBytes(of: value.bigEndian) { Array($0) }
}

/// RFC 1071 as it is first written down there: 16 bits at a time, end-around carry.
func plainSum(_ bytes: [UInt8]) -> UInt32 {
  var sum: UInt32 = 0
  for (index, byte) in bytes.enumerated() {
    sum += index % 2 == 0 ? UInt32(byte) << 8 : UInt32(byte)
    if sum > 0xFFFF { sum = sum - 0x1_0000 + 1 }
  }
  return sum
}

/// What a receiver sums: 0xFFFF for a right TCP or UDP checksum.
func transportSum(_ frame: [UInt8], network: Int, isIPv6: Bool) -> UInt32 {
  let addresses = isIPv6 ? network + 8..<network + 40 : network + 12..<network + 20
  let transport = isIPv6 ? network + 40 : network + Int(frame[network] & 0xF) * 4
  let end =
    isIPv6
    ? transport + Int(frame[network + 4]) << 8 + Int(frame[network + 5])
    : network + Int(frame[network + 2]) << 8 + Int(frame[network + 3])
  let number = isIPv6 ? frame[network + 6] : frame[network + 9]
  return plainSum(
    frame[addresses] + [0, number] + big(UInt16(end - transport)) + frame[transport..<end])
}

/// What `body` makes of the bytes.
func edited(_ bytes: [UInt8], _ body: (inout MutableRawSpan) -> Void) -> [UInt8] {
  var bytes = bytes
  var span = bytes.mutableSpan
  var raw = span.mutableBytes
  body(&raw)
  return bytes
}

/// The headers in a frame; macros of tests cannot be given spans.
func found(in frame: [UInt8]) -> FrameHeaders? { FrameHeaders(of: frame.span.bytes) }
