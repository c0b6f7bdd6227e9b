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
  package var headerByteCount: Int { Self.headerByteCount(hasTimestamps: hasTimestamps) }

  @inline(__always)
  package static func headerByteCount(hasTimestamps: Bool) -> Int {
    hasTimestamps ? shortByteCount &+ TCPOptions.usualByteCount : shortByteCount
  }

  /// Of all three headers, without timestamps.
  @inline(__always)
  private static var shortByteCount: Int { 54 }

  /// TCP header and payload.
  @inline(__always)
  package var segmentByteCount: Int { headerByteCount &+ payloadByteCount &- 34 }

  // How words look that lie in the frame.
  /// EtherType IPv4, version 4 and five words of header; the type of service follows.
  private static var kind: UInt32 { 0x45_0008 }
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
    // One comparison for each bound: what is negative is too much.
    guard bytes.byteCount >= Self.shortByteCount,
      UInt(bitPattern: offset) <= UInt(bitPattern: bytes.byteCount &- Self.shortByteCount),
      UInt(bitPattern: byteCount &- Self.shortByteCount)
        <= UInt(bitPattern: bytes.byteCount &- Self.shortByteCount &- offset)
    else { return nil }
    // Bytes 0..7: destination, and the first two of the source, which is nobody's group address and
    // not ours, either.
    let first: UInt64 = bytes.word(at: offset)
    guard (first ^ hardware.word) & 0x1_FFFF_FFFF_FFFF == 0,
      !hardware.isSource(beginning: first &>> 48, going: bytes.word(at: offset &+ 8))
    else { return nil }
    // Bytes 12..15: EtherType, version and length, type of service; CE is not usual. 16..19: total
    // length, identification; 20..23: fragment, time to live, protocol.
    let kind: UInt32 = bytes.word(at: offset &+ 12)
    let length: UInt32 = bytes.word(at: offset &+ 16)
    let fragment: UInt32 = bytes.word(at: offset &+ 20)
    addresses = bytes.word(at: offset &+ 26)
    guard kind & 0xFF_FFFF == Self.kind, (kind &+ 1 &<< 24) & 3 &<< 24 != 0,
      fragment & 0xFF00_FF3F == 6 &<< 24
    else { return nil }
    let sum =
      UInt64(kind &>> 16) &+ UInt64(length) &+ UInt64(fragment)
      &+ UInt64(bytes.word(at: offset &+ 24) as UInt16)
      &+ addresses & 0xFFFF_FFFF &+ addresses &>> 32
    guard Checksum.isRight(sum) else { return nil }
    let packetEnd =
      Int(UInt16(truncatingIfNeeded: length).byteSwapped) &+ EthernetHeader.byteCount
    guard packetEnd <= byteCount else { return nil }
    // Bytes 46..49: data offset, flags, window.
    let fifth: UInt32 = bytes.word(at: offset &+ 46)
    if fifth & 0xF7FF == Self.longHeader {
      payloadByteCount = packetEnd &- Self.shortByteCount &- TCPOptions.usualByteCount
      guard payloadByteCount >= 0, bytes.word(at: offset &+ 54) == Self.timestampsOption
      else { return nil }
      hasTimestamps = true
      timestampValue = bytes.bigEndian(at: offset &+ 58)
      timestampEcho = bytes.bigEndian(at: offset &+ 62)
    } else {
      payloadByteCount = packetEnd &- Self.shortByteCount
      guard payloadByteCount >= 0, fifth & 0xF7FF == Self.shortHeader else { return nil }
      hasTimestamps = false
      timestampValue = 0
      timestampEcho = 0
    }
    ports = bytes.word(at: offset &+ 34)
    sequence = bytes.bigEndian(at: offset &+ 38)
    acknowledgment = bytes.bigEndian(at: offset &+ 42)
    window = UInt16(truncatingIfNeeded: fifth &>> 16).byteSwapped
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
    // The constant is the sum of the words above, and of version and header length.
    let sum = 0x6C5 &+ UInt32(length) &+ addressSum
    bytes.storeWord(destination.word | source.word &<< 48, at: 0)
    bytes.storeWord(source.word &>> 16 | UInt64(Self.kind) &<< 32, at: 8)
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
    return Checksum.folded(addressSum &+ 0x0600 &+ UInt32(length))
  }

  /// The addresses' words, added: at most 17 bits, which leaves room for a few more of them.
  @inline(__always)
  private var addressSum: UInt32 {
    let (sum, overflow) = UInt32(truncatingIfNeeded: addresses).addingReportingOverflow(
      UInt32(truncatingIfNeeded: addresses &>> 32))
    return (sum & 0xFFFF) &+ (sum &>> 16) &+ (overflow ? 1 : 0)
  }
}

extension MACAddress {
  /// Whether an address in a frame, its first two bytes and its last four in the byte order of memory,
  /// is this one.
  @inline(__always)
  fileprivate func isSource(beginning start: UInt64, going end: UInt32) -> Bool {
    start == word & 0xFFFF && UInt64(end) == word &>> 16
  }
}
