import Packets
import Wire

/// Segments that arrived ahead of a gap: a list of packet buffers in sequence order that do not
/// overlap, linked through the pool's metadata. Never longer than the connection's limit.
struct ReassemblyQueue: BitwiseCopyable {
  private(set) var head = PacketPool.none
  private var tail = PacketPool.none
  private(set) var bufferCount: UInt32 = 0
  /// Where the latest arrival starts: its range is reported first (RFC 2018, section 4).
  private var latest = SequenceNumber(0)

  var isEmpty: Bool { head == PacketPool.none }

  /// Buffers that are passed on the way to a new one's place. Nearly all come last, or fill the first
  /// gap; what a peer with hundreds of gaps sends into the middle of them is not worth the walk.
  private static var walkLimit: Int { 128 }

  /// Files a buffer whose metadata says what it holds. False when it holds nothing that is not
  /// there already, or its place is too far away; then the buffer stays the caller's.
  mutating func insert(_ buffer: UInt32, pool: inout PacketPool) -> Bool {
    var previous = PacketPool.none
    if tail != PacketPool.none, pool.end(of: tail) <= pool.start(of: buffer) {
      previous = tail
    } else {
      var index = head
      var passed = 0
      while index != PacketPool.none, pool.start(of: index) <= pool.start(of: buffer) {
        guard passed < Self.walkLimit else { return false }
        passed &+= 1
        previous = index
        index = pool[index].next
      }
    }
    if previous != PacketPool.none, !pool.trim(buffer, before: pool.end(of: previous)) {
      return false
    }
    let following = previous == PacketPool.none ? head : pool[previous].next
    guard removeCovered(by: buffer, from: following, after: previous, pool: &pool) else {
      return false
    }
    link(buffer, after: previous, pool: &pool)
    latest = pool.start(of: buffer)
    return true
  }

  /// The contiguous range that starts with `buffer`, which moves on to the next range's first.
  func range(from buffer: inout UInt32, pool: borrowing PacketPool) -> SACKBlock {
    let start = pool.start(of: buffer)
    var end = pool.end(of: buffer)
    buffer = pool[buffer].next
    while buffer != PacketPool.none, pool.start(of: buffer) == end {
      end = pool.end(of: buffer)
      buffer = pool[buffer].next
    }
    return SACKBlock(start: start.rawValue, end: end.rawValue)
  }

  /// Whether the latest arrival lies in `block`.
  func isLatest(in block: SACKBlock) -> Bool {
    SequenceNumber(block.start) <= latest && latest < SequenceNumber(block.end)
  }

  /// Drops the buffers from `first` on that lie wholly inside `buffer`, and cuts `buffer` where
  /// the next one starts. False when nothing of `buffer` is left.
  private mutating func removeCovered(
    by buffer: UInt32, from first: UInt32, after previous: UInt32, pool: inout PacketPool
  ) -> Bool {
    var index = first
    while index != PacketPool.none, pool.start(of: index) < pool.end(of: buffer) {
      guard pool.end(of: index) <= pool.end(of: buffer) else {
        return pool.trim(buffer, from: pool.start(of: index))
      }
      let next = pool[index].next
      if previous == PacketPool.none { head = next } else { pool[previous].next = next }
      if next == PacketPool.none { tail = previous }
      bufferCount &-= 1
      pool.release(PacketBuffer(adopting: index))
      index = next
    }
    return true
  }

  private mutating func link(_ buffer: UInt32, after previous: UInt32, pool: inout PacketPool) {
    if previous == PacketPool.none {
      pool[buffer].next = head
      head = buffer
    } else {
      pool[buffer].next = pool[previous].next
      pool[previous].next = buffer
    }
    if pool[buffer].next == PacketPool.none { tail = buffer }
    bufferCount &+= 1
  }

  /// The first buffer, taken out, if it starts at or before `next`.
  mutating func popReady(at next: SequenceNumber, pool: inout PacketPool) -> UInt32? {
    guard head != PacketPool.none, pool.start(of: head) <= next else { return nil }
    let buffer = head
    head = pool[buffer].next
    if head == PacketPool.none { tail = head }
    bufferCount &-= 1
    return buffer
  }

  mutating func removeAll(pool: inout PacketPool) {
    while head != PacketPool.none {
      let next = pool[head].next
      pool.release(PacketBuffer(adopting: head))
      head = next
    }
    self = Self()
  }
}

/// What TCP keeps in a buffer's metadata while the buffer is queued.
extension PacketPool {
  /// `PacketMetadata.flags`: a FIN follows the payload.
  static var finFlag: UInt16 { 1 }

  @inline(__always)
  func start(of buffer: UInt32) -> SequenceNumber { SequenceNumber(self[buffer].sequence) }

  /// The sequence number after the payload and the FIN.
  @inline(__always)
  func end(of buffer: UInt32) -> SequenceNumber {
    let metadata = self[buffer]
    return SequenceNumber(
      metadata.sequence &+ UInt32(metadata.payloadByteCount)
        &+ UInt32(metadata.flags & Self.finFlag))
  }

  /// Cuts off what precedes `sequence`. False when nothing is left; then nothing is changed.
  mutating func trim(_ buffer: UInt32, before sequence: SequenceNumber) -> Bool {
    guard start(of: buffer) < sequence else { return true }
    guard sequence < end(of: buffer) else { return false }
    let excess = sequence.distance(from: start(of: buffer))
    let byteCount = UInt16(truncatingIfNeeded: min(excess, UInt32(self[buffer].payloadByteCount)))
    self[buffer].sequence = sequence.rawValue
    self[buffer].payloadOffset &+= byteCount
    self[buffer].payloadByteCount &-= byteCount
    return true
  }

  /// Cuts off what follows `sequence`, a FIN included. False when nothing is left.
  mutating func trim(_ buffer: UInt32, from sequence: SequenceNumber) -> Bool {
    guard sequence < end(of: buffer) else { return true }
    guard start(of: buffer) < sequence else { return false }
    self[buffer].flags &= ~Self.finFlag
    let kept = sequence.distance(from: start(of: buffer))
    self[buffer].payloadByteCount = UInt16(
      truncatingIfNeeded: min(kept, UInt32(self[buffer].payloadByteCount)))
    return true
  }
}
