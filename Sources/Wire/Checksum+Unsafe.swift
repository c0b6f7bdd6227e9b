/// The Internet checksum (RFC 1071), accumulated over any number of ranges, also of odd length.
///
/// Words are summed as they lie in memory (RFC 1071, section 2 (B)): the sum is byte-swapped once
/// at the end instead of every word on the way.
package struct Checksum: BitwiseCopyable, Sendable {
  /// Sum of the wire's 16-bit words in memory order, not yet folded.
  private var sum: UInt64 = 0
  /// Whether an odd number of bytes has been added, so that the next byte is a low-order one.
  private var isOdd = false

  @inline(__always)
  package init() {}

  /// Starts with the IPv4 pseudo-header of a transport protocol (RFC 9293, section 3.1).
  /// `byteCount` is that of the transport header and payload.
  @inline(__always)
  package init(
    from source: IPv4Address, to destination: IPv4Address, protocolNumber: UInt8, byteCount: Int
  ) {
    sum =
      UInt64(source.rawValue.bigEndian) &+ UInt64(destination.rawValue.bigEndian)
      &+ UInt64(UInt16(protocolNumber).bigEndian)
      &+ UInt64(UInt16(truncatingIfNeeded: byteCount).bigEndian)
  }

  /// Continues the sum over `bytes`.
  @inline(__always)
  package mutating func add(_ bytes: RawSpan) { add(bytes, from: 0, byteCount: bytes.byteCount) }

  /// Continues the sum over the `byteCount` bytes from `offset`, which must lie inside `bytes`.
  package mutating func add(_ bytes: RawSpan, from offset: Int, byteCount: Int) {
    precondition(offset >= 0 && byteCount >= 0 && byteCount <= bytes.byteCount &- offset)
    let part = Self.sum(of: bytes, from: offset, byteCount: byteCount)
    sum = Self.adding(sum, isOdd ? UInt64(Self.folded(part).byteSwapped) : part)
    if byteCount & 1 != 0 { isOdd.toggle() }
  }

  /// Continues the sum over 32 bits given in host order; the bytes so far are even in number.
  @inline(__always)
  package mutating func add(_ value: UInt32) {
    sum = Self.adding(sum, UInt64(value.bigEndian))
  }

  /// The folded sum, in host order: what goes into the checksum field of a frame whose checksum
  /// the device completes.
  @inline(__always)
  package var partial: UInt16 { UInt16(bigEndian: Self.folded(sum)) }

  /// The ones' complement of the sum, in host order: what goes into a checksum field that was
  /// zero, and zero for correct bytes that include their checksum.
  @inline(__always)
  package var complement: UInt16 { ~partial }

  /// Whether `sum`, of words that include their checksum, folds to all ones.
  @inline(__always)
  static func isRight(_ sum: UInt64) -> Bool { folded(sum) == .max }

  /// The checksum of the `byteCount` bytes from `offset`; zero when they include a right one.
  @inline(__always)
  package static func of(_ bytes: RawSpan, from offset: Int = 0, byteCount: Int) -> UInt16 {
    var checksum = Self()
    checksum.add(bytes, from: offset, byteCount: byteCount)
    return checksum.complement
  }

  /// Four accumulators keep the additions independent; 32-bit words cannot overflow 64 bits in any
  /// range that fits a frame.
  private static func sum(of bytes: RawSpan, from start: Int, byteCount: Int) -> UInt64 {
    var offset = start
    var remaining = byteCount
    var (a, b, c, d): (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    while remaining >= 32 {
      a &+= word(of: bytes, at: offset) &+ word(of: bytes, at: offset &+ 4)
      b &+= word(of: bytes, at: offset &+ 8) &+ word(of: bytes, at: offset &+ 12)
      c &+= word(of: bytes, at: offset &+ 16) &+ word(of: bytes, at: offset &+ 20)
      d &+= word(of: bytes, at: offset &+ 24) &+ word(of: bytes, at: offset &+ 28)
      offset &+= 32
      remaining &-= 32
    }
    while remaining >= 4 {
      a &+= word(of: bytes, at: offset)
      offset &+= 4
      remaining &-= 4
    }
    while remaining >= 2 {
      // SAFETY: two bytes remain at `offset`.
      let word = unsafe bytes.unsafeLoadUnaligned(
        fromUncheckedByteOffset: offset, as: UInt16.self)
      b &+= UInt64(word)
      offset &+= 2
      remaining &-= 2
    }
    if remaining > 0 { c &+= UInt64(UInt16(bytes.octet(at: offset)).littleEndian) }
    return adding(adding(a, b), adding(c, d))
  }

  @inline(__always)
  private static func word(of bytes: RawSpan, at offset: Int) -> UInt64 {
    // SAFETY: the loops above stop before fewer than four bytes remain.
    UInt64(unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self))
  }

  /// Ones' complement addition.
  @inline(__always)
  private static func adding(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return sum &+ (overflow ? 1 : 0)
  }

  /// The sum as 16 bits, in the byte order of its words. A sum and itself turned by half its width, added: the upper half is the sum of both halves,
  /// carry included.
  @inline(__always)
  static func folded(_ sum: UInt64) -> UInt16 {
    let both = sum &+ (sum &<< 32 | sum &>> 32)
    return folded(UInt32(truncatingIfNeeded: both &>> 32))
  }

  @inline(__always)
  static func folded(_ sum: UInt32) -> UInt16 {
    UInt16(truncatingIfNeeded: (sum &+ (sum &<< 16 | sum &>> 16)) &>> 16)
  }
}
