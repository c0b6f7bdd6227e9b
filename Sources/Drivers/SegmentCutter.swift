import Packets
import Wire

/// Cuts a TCP segment that the device has put together of several into segments of one buffer each:
/// nothing behind the driver knows that there are longer ones.
///
/// With GUEST_TSO4 the host hands over up to 64 KiB as one frame, without cutting it to the link's
/// size first; with MRG_RXBUF it lies in as many receive buffers as it needs (virtio 1.1, section
/// 5.1.6.4): headers and the first bytes of text in the first, text alone in the others. The headers
/// are repeated in front of those, in room that was left for them.
struct SegmentCutter: ~Copyable {
  /// Room in front of the device's bytes in every receive buffer: for the longest headers of
  /// Ethernet, IPv4 and TCP, 134 bytes.
  static var headroom: Int { 136 }

  /// Buffers of the frame that have not been cut off yet.
  private(set) var bufferCount = 0
  /// Words of the headers: in the arena, as an array in place would be copied with every access.
  private var headers: Table<UInt64>
  /// Bytes of all headers; 0 for a frame that is refused, buffer by buffer.
  private(set) var headerByteCount = 0
  private var transportOffset = 0
  private var textByteCount = 0
  private var sequence: UInt32 = 0
  private var flags: UInt8 = 0

  /// Nil when the arena has no room.
  init?(arena: inout Arena) {
    guard let headers: Table<UInt64> = arena.carve(count: Self.headroom / 8, repeating: 0) else {
      return nil
    }
    self.headers = headers
  }

  /// Where fields are, in bytes from the start of the frame or of the TCP header.
  private enum Offset {
    static var network: Int { 14 }
    static var totalLength: Int { 16 }
    static var fragment: Int { 20 }
    static var protocolNumber: Int { 23 }
    static var networkChecksum: Int { 24 }
    static var sequence: Int { 4 }
    static var dataOffset: Int { 12 }
    static var flags: Int { 13 }
  }

  private enum Flag {
    static var fin: UInt8 { 0x01 }
    static var syn: UInt8 { 0x02 }
    static var rst: UInt8 { 0x04 }
    static var psh: UInt8 { 0x08 }
    static var cwr: UInt8 { 0x80 }
  }

  /// The device announces a frame in `bufferCount` buffers, of which `frame` is what the first one
  /// holds. When it is none that can be cut, every buffer of it will be dropped.
  mutating func begin(_ frame: RawSpan, bufferCount: Int, canCut: Bool) {
    self.bufferCount = bufferCount
    headerByteCount = canCut ? read(frame) ?? 0 : 0
  }

  /// Takes in the headers of a segment; returns how many bytes they are, nil if they make no sense.
  private mutating func read(_ frame: RawSpan) -> Int? {
    guard frame.byteCount >= Offset.network &+ 40,
      frame.bigEndian(at: 12) == EtherType.ipv4.rawValue, frame.octet(at: Offset.network) >> 4 == 4,
      frame.octet(at: Offset.protocolNumber) == IPv4Protocol.tcp.rawValue,
      frame.bigEndian(at: Offset.fragment) & 0x3FFF as UInt16 == 0
    else { return nil }
    let networkByteCount = Int(frame.octet(at: Offset.network) & 15) &* 4
    let transport = Offset.network &+ networkByteCount
    // Every piece gets a checksum of its own: a wrong one must not become right by that.
    guard networkByteCount >= 20, frame.byteCount >= transport &+ 20,
      Checksum.of(frame, from: Offset.network, byteCount: networkByteCount) == 0
    else { return nil }
    let end = transport &+ Int(frame.octet(at: transport &+ Offset.dataOffset) >> 4) &* 4
    let total = Offset.network &+ Int(frame.bigEndian(at: Offset.totalLength) as UInt16)
    flags = frame.octet(at: transport &+ Offset.flags)
    guard end >= transport &+ 20, end <= frame.byteCount, total >= frame.byteCount,
      flags & (Flag.syn | Flag.rst) == 0
    else { return nil }
    transportOffset = transport
    textByteCount = total &- end
    sequence = frame.bigEndian(at: transport &+ Offset.sequence)
    keep(frame, byteCount: end)
    return end
  }

  private mutating func keep(_ frame: RawSpan, byteCount: Int) {
    var offset = 0
    while offset < byteCount {
      // The last word may reach beyond the headers, not beyond what is there.
      var word: UInt64 = 0
      if frame.byteCount &- offset >= 8 {
        word = frame.bigEndian(at: offset)
      } else {
        for index in offset..<frame.byteCount {
          word |= UInt64(frame.octet(at: index)) &<< UInt64(56 &- 8 &* (index &- offset))
        }
      }
      headers[offset &>> 3] = word
      offset &+= 8
    }
  }

  /// How many of `byteCount` bytes in the next buffer are text; nil when the buffer is to be dropped.
  mutating func takeText(_ byteCount: Int) -> Int? {
    bufferCount &-= 1
    guard headerByteCount > 0, byteCount > 0, textByteCount > 0 else { return nil }
    return min(byteCount, textByteCount)
  }

  /// Writes headers for the next `byteCount` bytes of text into `space`, which is `headerByteCount`
  /// bytes long.
  mutating func writeHeaders(_ space: inout MutableRawSpan, textByteCount byteCount: Int) {
    precondition(space.byteCount == headerByteCount && byteCount <= textByteCount)
    copyHeaders(&space)
    let length = UInt16(truncatingIfNeeded: headerByteCount &- Offset.network &+ byteCount)
    space.storeBigEndian(length, at: Offset.totalLength)
    space.storeBigEndian(0 as UInt16, at: Offset.networkChecksum)
    let checksum = Checksum.of(
      space.bytes, from: Offset.network, byteCount: transportOffset &- Offset.network)
    space.storeBigEndian(checksum, at: Offset.networkChecksum)
    space.storeBigEndian(sequence, at: transportOffset &+ Offset.sequence)
    // What ends the text belongs to its last piece, what is said once to its first.
    let isLast = byteCount == textByteCount
    let shown = isLast ? flags : flags & ~(Flag.fin | Flag.psh)
    space.storeBigEndian(shown, at: transportOffset &+ Offset.flags)
    flags &= ~Flag.cwr
    sequence &+= UInt32(truncatingIfNeeded: byteCount)
    textByteCount &-= byteCount
  }

  private func copyHeaders(_ space: inout MutableRawSpan) {
    var offset = 0
    while headerByteCount &- offset >= 8 {
      space.storeBigEndian(headers[offset &>> 3], at: offset)
      offset &+= 8
    }
    for index in offset..<headerByteCount {
      let shift = UInt64(56 &- 8 &* (index &- offset))
      let octet = UInt8(truncatingIfNeeded: headers[offset &>> 3] &>> shift)
      space.storeBigEndian(octet, at: index)
    }
  }
}
