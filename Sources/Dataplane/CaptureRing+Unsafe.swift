import CIXABI
import Packets
import Wire

/// Copies of frames for the host, in a ring in guest memory (ix_capture_record of ix_control.h).
/// The host takes them out; what it has not taken is never overwritten, frames without room are
/// counted.
@safe
package struct CaptureRing: ~Copyable {
  /// Where a ring lies.
  package struct Place: BitwiseCopyable {
    package let memory: MemoryRegion
    package let physicalAddress: UInt64
    /// A power of two.
    package var byteCount: Int { memory.byteCount }

    package init(memory: MemoryRegion, physicalAddress: UInt64) {
      precondition(
        memory.byteCount >= 4096 && memory.byteCount & (memory.byteCount - 1) == 0,
        "a capture ring of an odd size")
      self.memory = memory
      self.physicalAddress = physicalAddress
    }
  }

  package enum Direction: UInt32, BitwiseCopyable {
    case received
    case sent
  }

  private static var recordByteCount: Int { MemoryLayout<ix_capture_record>.size }

  /// Bytes kept of each frame; the headers of a sent one at least.
  package var snapByteCount = 0 {
    didSet { snapByteCount = max(snapByteCount, OutgoingFrame.headerLimit) }
  }
  /// Bytes ever put in, and as many as the host has taken out, as far as is known.
  package private(set) var head: UInt64
  private var tail: UInt64
  package private(set) var captured: UInt64 = 0
  package private(set) var dropped: UInt64 = 0
  private let place: Place
  private let core: UInt32

  package init(_ place: Place, core: UInt32 = 0) {
    self.place = place
    self.core = core
    head = 0
    tail = 0
  }

  /// Learns what the host has taken. One that says it took more than there was is not believed.
  package mutating func update(tail: UInt64) {
    if head &- tail <= UInt64(place.byteCount) { self.tail = tail }
  }

  /// Keeps the beginning of a frame that was received.
  package mutating func append(received frame: RawSpan, now: Instant) {
    let kept = min(frame.byteCount, snapByteCount)
    guard begin(kept, of: frame.byteCount, .received, now) else { return }
    _ = copy(frame, to: Self.recordByteCount, atMost: kept)
    finish(kept)
  }

  /// Keeps the beginning of a frame that was sent: headers, which are written once more, and what
  /// of `fragments` there is room for.
  @inline(__always)
  package mutating func append(
    headerByteCount: Int, _ fragments: Span<Fragment>, now: Instant,
    writeHeader: (inout MutableRawSpan) -> Void
  ) {
    let byteCount = headerByteCount &+ fragments.totalByteCount
    let kept = min(byteCount, snapByteCount)
    precondition(headerByteCount <= kept, "a header longer than any")
    guard begin(kept, of: byteCount, .sent, now) else { return }
    // SAFETY: `begin` has found room for the whole record at `position`.
    var header = unsafe MutableRawSpan(
      _unsafeStart: place.memory.pointer + position + Self.recordByteCount,
      byteCount: headerByteCount)
    writeHeader(&header)
    var offset = Self.recordByteCount &+ headerByteCount
    for index in fragments.indices {
      let rest = kept &- (offset &- Self.recordByteCount)
      guard rest > 0 else { break }
      offset = copy(bytes(of: fragments[index]), to: offset, atMost: rest)
    }
    finish(kept)
  }

  /// Writes a record's head where there is room for it and `kept` bytes; false when there is not.
  private mutating func begin(
    _ kept: Int, of byteCount: Int, _ direction: Direction, _ now: Instant
  ) -> Bool {
    guard reserve(Self.recordByteCount &+ (kept &+ 7) & ~7) else {
      dropped &+= 1
      return false
    }
    write(
      ix_capture_record(
        captured_byte_count: UInt32(truncatingIfNeeded: kept),
        original_byte_count: UInt32(truncatingIfNeeded: byteCount), time: now.nanoseconds,
        direction: direction.rawValue, core: core))
    return true
  }

  private mutating func finish(_ kept: Int) {
    head &+= UInt64(Self.recordByteCount &+ (kept &+ 7) & ~7)
    captured &+= 1
  }

  /// Makes the next `byteCount` bytes of the ring contiguous and free; false when they are not.
  private mutating func reserve(_ byteCount: Int) -> Bool {
    let size = place.byteCount
    let toEnd = size &- position
    let needed = toEnd < byteCount ? toEnd &+ byteCount : byteCount
    guard needed <= size &- Int(truncatingIfNeeded: head &- tail) else { return false }
    guard toEnd < byteCount else { return true }
    // What is left is too short: a record without a frame says so, if there is room for one.
    if toEnd >= Self.recordByteCount { write(ix_capture_record()) }
    head &+= UInt64(toEnd)
    return true
  }

  private var position: Int { Int(truncatingIfNeeded: head) & (place.byteCount &- 1) }

  private func write(_ record: ix_capture_record) {
    // SAFETY: `reserve` has found room for a record at `position`.
    unsafe (place.memory.pointer + position).storeBytes(of: record, as: ix_capture_record.self)
  }

  /// Copies at most `limit` bytes to `offset` behind `position`; where they end.
  private func copy(_ bytes: RawSpan, to offset: Int, atMost limit: Int) -> Int {
    let byteCount = min(bytes.byteCount, limit)
    guard byteCount > 0 else { return offset }
    // SAFETY: `reserve` has found room for the whole record at `position`.
    unsafe bytes.withUnsafeBytes {
      unsafe (place.memory.pointer + position + offset).copyMemory(
        from: $0.baseAddress.unsafelyUnwrapped, byteCount: byteCount)
    }
    return offset &+ byteCount
  }

  /// Not longer than the fragment is sent: it names memory that exists.
  @_lifetime(immortal)
  private func bytes(of fragment: Fragment) -> RawSpan {
    let region = MemoryRegion(base: fragment.address, byteCount: fragment.byteCount)
    // SAFETY: whoever sends a fragment vouches for it until the frame is finished.
    let span = unsafe RawSpan(_unsafeStart: region.pointer, byteCount: region.byteCount)
    return unsafe _overrideLifetime(span, copying: ())
  }
}
