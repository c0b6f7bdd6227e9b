/// One range of a SACK option, [start, end) in sequence space (RFC 2018, section 3).
package struct SACKBlock: Hashable, BitwiseCopyable, Sendable {
  package var start: UInt32
  package var end: UInt32

  @inline(__always)
  package init(start: UInt32, end: UInt32) {
    self.start = start
    self.end = end
  }
}

/// The TCP options this stack understands, as values; everything else in the option field is
/// skipped (RFC 9293, section 3.1, MUST-6).
package struct TCPOptions: BitwiseCopyable, Sendable {
  /// Which options there are, SACK blocks apart: one comparison tells the usual ones.
  private var present = Present.none
  private var windowScaleValue: UInt8 = 0
  private var maximumSegmentValue: UInt16 = 0
  /// How many of `sackBlocks` are there.
  package var sackBlockCount: UInt8 = 0
  /// TSval and TSecr (RFC 7323, section 3.2).
  package var timestampValue: UInt32 = 0
  package var timestampEcho: UInt32 = 0
  package var sackBlocks = InlineArray<4, SACKBlock>(repeating: SACKBlock(start: 0, end: 0))

  @inline(__always)
  package init() {}

  private struct Present: BitwiseCopyable, Equatable {
    private var bits: UInt8

    static var none: Self { Self(bits: 0) }
    static var maximumSegment: Self { Self(bits: 1) }
    static var windowScale: Self { Self(bits: 2) }
    static var sackPermitted: Self { Self(bits: 4) }
    static var timestamps: Self { Self(bits: 8) }

    @inline(__always)
    func contains(_ other: Self) -> Bool { bits & other.bits != 0 }
    @inline(__always)
    mutating func set(_ other: Self, _ isPresent: Bool) {
      bits = isPresent ? bits | other.bits : bits & ~other.bits
    }
  }

  /// MSS (RFC 9293, section 3.2); nil when absent. Not clamped: the connection knows the floor.
  package var maximumSegmentByteCount: UInt16? {
    @inline(__always) get { present.contains(.maximumSegment) ? maximumSegmentValue : nil }
    @inline(__always) set {
      present.set(.maximumSegment, newValue != nil)
      maximumSegmentValue = newValue ?? 0
    }
  }
  /// Window scale (RFC 7323, section 2), already limited to 14; nil when absent.
  package var windowScale: UInt8? {
    @inline(__always) get { present.contains(.windowScale) ? windowScaleValue : nil }
    @inline(__always) set {
      present.set(.windowScale, newValue != nil)
      windowScaleValue = newValue ?? 0
    }
  }
  package var isSACKPermitted: Bool {
    @inline(__always) get { present.contains(.sackPermitted) }
    @inline(__always) set { present.set(.sackPermitted, newValue) }
  }
  package var hasTimestamps: Bool {
    @inline(__always) get { present.contains(.timestamps) }
    @inline(__always) set { present.set(.timestamps, newValue) }
  }

  /// Timestamps, in the form RFC 7323, appendix A, recommends.
  @inline(__always)
  static var usualByteCount: Int { 12 }
  /// Two no-operations, and kind and length of the timestamps option.
  @inline(__always)
  static var usualFirstWord: UInt32 { 0x0101_080A }

  /// Largest shift count (RFC 7323, section 2.3).
  package static var windowScaleLimit: UInt8 { 14 }

  enum Kind {
    static var end: UInt8 { 0 }
    static var noOperation: UInt8 { 1 }
    static var maximumSegment: UInt8 { 2 }
    static var windowScale: UInt8 { 3 }
    static var sackPermitted: UInt8 { 4 }
    static var sack: UInt8 { 5 }
    static var timestamps: UInt8 { 8 }
  }
}

extension TCPOptions {
  /// Reads the option field in the `byteCount` bytes from `start`, which lie inside `bytes`. Total:
  /// an option that does not fit, or whose length byte is below 2, ends the parsing; an option of
  /// a wrong length is skipped.
  package init(parsing bytes: RawSpan, at start: Int = 0, byteCount: Int) {
    self.init()
    var offset = start
    let end = start &+ byteCount
    while offset < end {
      let kind = bytes.octet(at: offset)
      if kind == Kind.end { return }
      if kind == Kind.noOperation {
        offset &+= 1
        continue
      }
      guard end &- offset >= 2 else { return }
      let byteCount = Int(bytes.octet(at: offset &+ 1))
      guard byteCount >= 2, byteCount <= end &- offset else { return }
      read(kind, from: bytes, at: offset &+ 2, byteCount: byteCount &- 2)
      offset &+= byteCount
    }
  }

  /// `byteCount` is that of the option's data; all of it lies inside `bytes`.
  private mutating func read(_ kind: UInt8, from bytes: RawSpan, at offset: Int, byteCount: Int) {
    switch (kind, byteCount) {
    case (Kind.maximumSegment, 2): maximumSegmentByteCount = bytes.bigEndian(at: offset)
    case (Kind.windowScale, 1):
      windowScale = min(bytes.octet(at: offset), Self.windowScaleLimit)
    case (Kind.sackPermitted, 0): isSACKPermitted = true
    case (Kind.timestamps, 8):
      hasTimestamps = true
      timestampValue = bytes.bigEndian(at: offset)
      timestampEcho = bytes.bigEndian(at: offset &+ 4)
    case (Kind.sack, 8), (Kind.sack, 16), (Kind.sack, 24), (Kind.sack, 32):
      sackBlockCount = UInt8(truncatingIfNeeded: byteCount &>> 3)
      for block in 0..<Int(sackBlockCount) {
        sackBlocks[block] = SACKBlock(
          start: bytes.bigEndian(at: offset &+ block &* 8),
          end: bytes.bigEndian(at: offset &+ block &* 8 &+ 4))
      }
    case (_, _): break
    }
  }
}

extension TCPOptions {
  /// Bytes that `emit` writes: a multiple of 4. At most three SACK blocks fit beside timestamps,
  /// and none beside the options of a SYN.
  @inline(__always)
  package var byteCount: Int { areTimestamps ? Self.usualByteCount : byteCountOfAny }

  private var byteCountOfAny: Int {
    (maximumSegmentByteCount == nil ? 0 : 4) &+ (windowScale == nil ? 0 : 4)
      &+ (isSACKPermitted ? 4 : 0) &+ (hasTimestamps ? 12 : 0)
      &+ (sackBlockCount == 0 ? 0 : 4 &+ 8 &* Int(sackBlockCount))
  }

  /// Timestamps and nothing else.
  @inline(__always)
  private var areTimestamps: Bool { present == .timestamps && sackBlockCount == 0 }

  /// Writes the options at `offset`, each padded in front with no-operations to 32 bits; there
  /// must be `byteCount` bytes.
  @inline(__always)
  package func emit(into bytes: inout MutableRawSpan, at offset: Int = 0) {
    guard areTimestamps else { return emitAll(into: &bytes, at: offset) }
    emitTimestamps(into: &bytes, at: offset)
  }

  @inline(__always)
  private func emitTimestamps(into bytes: inout MutableRawSpan, at offset: Int) {
    bytes.storeBigEndian(Self.usualFirstWord, at: offset)
    bytes.storeBigEndian(timestampValue, at: offset &+ 4)
    bytes.storeBigEndian(timestampEcho, at: offset &+ 8)
  }

  private func emitAll(into bytes: inout MutableRawSpan, at start: Int) {
    var offset = start
    if let maximumSegmentByteCount {
      bytes.storeBigEndian(0x0204_0000 | UInt32(maximumSegmentByteCount), at: offset)
      offset &+= 4
    }
    if isSACKPermitted {
      bytes.storeBigEndian(0x0101_0402 as UInt32, at: offset)
      offset &+= 4
    }
    if hasTimestamps {
      emitTimestamps(into: &bytes, at: offset)
      offset &+= Self.usualByteCount
    }
    if let windowScale {
      bytes.storeBigEndian(0x0103_0300 | UInt32(windowScale), at: offset)
      offset &+= 4
    }
    guard sackBlockCount > 0 else { return }
    bytes.storeBigEndian(0x0101_0502 &+ UInt32(sackBlockCount) &* 8, at: offset)
    // Through a span: subscripting the array itself would copy it.
    let blocks = sackBlocks.span
    for block in 0..<Int(sackBlockCount) {
      bytes.storeBigEndian(blocks[block].start, at: offset &+ 4 &+ block &* 8)
      bytes.storeBigEndian(blocks[block].end, at: offset &+ 8 &+ block &* 8)
    }
  }
}
