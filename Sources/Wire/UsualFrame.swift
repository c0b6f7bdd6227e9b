/// Ethernet, IPv4 and TCP header of the frames that nearly all are: no options but timestamps in the
/// form that RFC 7323, appendix A, recommends, no fragment, no control bit but ACK and perhaps PSH.
///
/// They are read and written in words as long as possible, addresses and ports without turning a
/// byte. What is not usual, or wrong, is left to `EthernetHeader`, `IPv4Header` and `TCPHeader`.
package struct UsualFrame: BitwiseCopyable, Sendable {
  /// Source and destination address as they follow each other in the header.
  package var addresses: UInt64
  /// Source and destination port, likewise.
  package var ports: UInt32
  package var sequence: UInt32
  package var acknowledgment: UInt32
  /// As in the header, not scaled.
  package var window: UInt16
  package var hasTimestamps: Bool
  package var timestampValue: UInt32
  package var timestampEcho: UInt32
  package var payloadByteCount: Int

  @inline(__always)
  package init(
    addresses: UInt64, ports: UInt32, sequence: UInt32, acknowledgment: UInt32, window: UInt16,
    hasTimestamps: Bool, timestampValue: UInt32, timestampEcho: UInt32, payloadByteCount: Int
  ) {
    self.addresses = addresses
    self.ports = ports
    self.sequence = sequence
    self.acknowledgment = acknowledgment
    self.window = window
    self.hasTimestamps = hasTimestamps
    self.timestampValue = timestampValue
    self.timestampEcho = timestampEcho
    self.payloadByteCount = payloadByteCount
  }

  /// Of all three headers.
  @inline(__always)
  package var headerByteCount: Int {
    hasTimestamps ? Self.shortByteCount &+ TCPOptions.usualByteCount : Self.shortByteCount
  }

  /// Of all three headers, without timestamps.
  @inline(__always)
  private static var shortByteCount: Int { 54 }

  /// TCP header and payload.
  @inline(__always)
  package var segmentByteCount: Int { headerByteCount &+ payloadByteCount &- 34 }

  // How words look that lie in the frame.
  /// EtherType IPv4, version 4 and five words of header; the type of service follows.
  private static var kind: UInt64 { 0x45_0008 }
  /// Data offset and flags: ACK, with a header of five or of eight words.
  private static var shortHeader: UInt32 { 0x1050 }
  private static var longHeader: UInt32 { 0x1080 }
  private static var push: UInt32 { 0x0800 }
  /// Two no-operations, kind and length of timestamps.
  private static var timestampsOption: UInt32 { 0x0A08_0101 }
}

extension UsualFrame {
  /// The frame in the `byteCount` bytes from `offset`, which lie inside `bytes`; nil when it is not a
  /// usual one, not from one other host to `hardware`, or its IPv4 checksum or one of its lengths is
  /// wrong. The addresses of IPv4 and the checksum of TCP have not been looked at.
  @inline(__always)
  package init?(parsing bytes: RawSpan, at offset: Int, byteCount: Int, hardware: MACAddress) {
    guard offset >= 0, byteCount >= Self.shortByteCount, byteCount <= bytes.byteCount &- offset
    else { return nil }
    // Bytes 0..7: destination, and the first two of the source; 8..15: the rest of it, EtherType,
    // version and length, type of service; CE is not usual.
    let first: UInt64 = bytes.word(at: offset)
    let second: UInt64 = bytes.word(at: offset &+ 8)
    let ours = hardware.word
    guard first & 0xFFFF_FFFF_FFFF == ours, first & 1 &<< 48 == 0,
      first &>> 48 | (second & 0xFFFF_FFFF) &<< 16 != ours,
      second &>> 32 & 0xFF_FFFF == Self.kind, second &>> 56 & 3 != 3
    else { return nil }
    // Bytes 16..23: total length, identification, fragment, time to live, protocol.
    let third: UInt64 = bytes.word(at: offset &+ 16)
    addresses = bytes.word(at: offset &+ 26)
    let sum =
      second &>> 48 &+ third & 0xFFFF_FFFF &+ third &>> 32
      &+ UInt64(bytes.word(at: offset &+ 24) as UInt16)
      &+ addresses & 0xFFFF_FFFF &+ addresses &>> 32
    guard third & 0xFF00_FF3F_0000_0000 == 6 &<< 56, Checksum.isRight(sum) else { return nil }
    // Bytes 46..49: data offset, flags, window.
    let fifth: UInt32 = bytes.word(at: offset &+ 46)
    hasTimestamps = fifth & 0xF7FF == Self.longHeader
    guard hasTimestamps || fifth & 0xF7FF == Self.shortHeader else { return nil }
    let totalLength = Int(UInt16(truncatingIfNeeded: third).byteSwapped)
    let header = hasTimestamps ? Self.shortByteCount &+ 12 : Self.shortByteCount
    payloadByteCount = totalLength &+ EthernetHeader.byteCount &- header
    guard payloadByteCount >= 0, totalLength <= byteCount &- EthernetHeader.byteCount,
      !hasTimestamps || bytes.word(at: offset &+ 54) == Self.timestampsOption
    else { return nil }
    ports = bytes.word(at: offset &+ 34)
    sequence = bytes.bigEndian(at: offset &+ 38)
    acknowledgment = bytes.bigEndian(at: offset &+ 42)
    window = UInt16(truncatingIfNeeded: fifth &>> 16).byteSwapped
    timestampValue = hasTimestamps ? bytes.bigEndian(at: offset &+ 58) : 0
    timestampEcho = hasTimestamps ? bytes.bigEndian(at: offset &+ 62) : 0
  }

  /// Writes the headers, ACK and PSH set, into the `headerByteCount` first bytes. `checksum`, in the
  /// byte order of memory, goes into TCP's field; DF is set, the time to live is 64.
  @inline(__always)
  package func emit(
    from source: MACAddress, to destination: MACAddress, checksum: UInt16,
    into bytes: inout MutableRawSpan
  ) {
    let length = UInt16(
      truncatingIfNeeded: segmentByteCount &+ IPv4Header.byteCount
    ).byteSwapped
    // Total length, no identification, DF, time to live, protocol.
    let third = 0x0640_0040_0000_0000 | UInt64(length)
    let sum =
      0x45 &+ UInt64(length) &+ third &>> 32 &+ addresses & 0xFFFF_FFFF &+ addresses &>> 32
    bytes.storeWord(destination.word | source.word &<< 48, at: 0)
    bytes.storeWord(source.word &>> 16 | Self.kind &<< 32, at: 8)
    bytes.storeWord(third, at: 16)
    bytes.storeWord(~Checksum.folded(sum), at: 24)
    bytes.storeWord(addresses, at: 26)
    bytes.storeWord(ports, at: 34)
    bytes.storeBigEndian(sequence, at: 38)
    bytes.storeBigEndian(acknowledgment, at: 42)
    let control = (hasTimestamps ? Self.longHeader : Self.shortHeader) | Self.push
    bytes.storeWord(control | UInt32(window.byteSwapped) &<< 16, at: 46)
    bytes.storeWord(UInt32(checksum), at: 50)
    guard hasTimestamps else { return }
    bytes.storeWord(Self.timestampsOption, at: 54)
    bytes.storeBigEndian(timestampValue, at: 58)
    bytes.storeBigEndian(timestampEcho, at: 62)
  }

  /// The whole checksum of the segment, in the byte order of memory; `payload` is the sum of the
  /// payload's words.
  @inline(__always)
  package func checksum(over payload: Checksum) -> UInt16 {
    let control = (hasTimestamps ? Self.longHeader : Self.shortHeader) | Self.push
    let numbers = UInt64(sequence.byteSwapped) &+ UInt64(acknowledgment.byteSwapped)
    var sum = numbers &+ UInt64(ports) &+ UInt64(control | UInt32(window.byteSwapped) &<< 16)
    sum = sum &+ UInt64(partialChecksum) &+ UInt64(payload.partial.bigEndian)
    if hasTimestamps {
      let times = UInt64(timestampValue.byteSwapped) &+ UInt64(timestampEcho.byteSwapped)
      sum = sum &+ UInt64(Self.timestampsOption) &+ times
    }
    return ~Checksum.folded(sum)
  }

  /// The sum of the pseudo-header, in the byte order of memory: what is in TCP's field when a device
  /// completes the checksum.
  @inline(__always)
  package var partialChecksum: UInt16 {
    let length = UInt16(truncatingIfNeeded: segmentByteCount).byteSwapped
    return Checksum.folded(
      addresses & 0xFFFF_FFFF &+ addresses &>> 32 &+ 0x0600 &+ UInt64(length))
  }
}

extension MACAddress {
  /// As it lies in memory, in the low 48 bits.
  @inline(__always)
  fileprivate var word: UInt64 { rawValue.byteSwapped &>> 16 }
}
