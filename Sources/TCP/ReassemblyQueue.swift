import Packets
import Wire

/// Segments that arrived ahead of a gap: a list of packet buffers in sequence order that do not
/// overlap, linked through the pool's metadata. Never longer than the connection's limit.
///
/// Buffers without a gap between them are a run, and the first buffer of a run knows the last: a place
/// is found by looking at runs, of which there are as many as there are gaps.
struct ReassemblyQueue: BitwiseCopyable {
  private(set) var head = PacketPool.none
  /// The first buffer of the last run.
  private var lastRun = PacketPool.none
  private(set) var bufferCount: UInt32 = 0
  /// Where the latest arrivals start, the latest first: their runs are reported before others
  /// (RFC 2018, section 4).
  private var recent = InlineArray<3, SequenceNumber>(repeating: SequenceNumber(0))

  /// What became of a buffer; unless it was kept, it is still the caller's.
  enum Insertion: BitwiseCopyable {
    case kept
    /// It holds nothing that is not there already.
    case duplicate
    /// Its place is behind too many gaps.
    case tooFar
  }

  var isEmpty: Bool { head == PacketPool.none }

  /// Runs that are passed on the way to a new buffer's place. Nearly all come last, or fill one of the
  /// first gaps; what a peer with hundreds of gaps sends into the middle of them is not worth the walk.
  static var walkLimit: Int { 128 }

  /// Files a buffer whose metadata says what it holds.
  mutating func insert(_ buffer: UInt32, pool: inout PacketPool) -> Insertion {
    let start = pool.start(of: buffer)
    // The run that begins at or before the buffer, and the one behind it.
    var run = lastRun
    var following = PacketPool.none
    if lastRun == PacketPool.none || start < pool.start(of: lastRun) {
      run = PacketPool.none
      following = head
      var passed = 0
      while following != PacketPool.none, pool.start(of: following) <= start {
        guard passed < Self.walkLimit else { return .tooFar }
        passed &+= 1
        run = following
        following = pool[pool[run].runEnd].next
      }
    }
    if run != PacketPool.none, !pool.trim(buffer, before: pool.end(of: pool[run].runEnd)) {
      return .duplicate
    }
    guard removeCovered(by: buffer, from: &following, behind: run, pool: &pool) else {
      return .duplicate
    }
    link(buffer, between: run, and: following, pool: &pool)
    return .kept
  }

  /// Drops the buffers from `first` on, the first of a run, that lie wholly inside `buffer`, and cuts
  /// `buffer` where the next one starts. False when nothing of `buffer` is left.
  private mutating func removeCovered(
    by buffer: UInt32, from first: inout UInt32, behind run: UInt32, pool: inout PacketPool
  ) -> Bool {
    while first != PacketPool.none, pool.start(of: first) < pool.end(of: buffer) {
      guard pool.end(of: first) <= pool.end(of: buffer) else {
        return pool.trim(buffer, from: pool.start(of: first))
      }
      let covered = first
      first = removeFirst(ofRun: covered, behind: run, pool: &pool)
      if run == PacketPool.none { head = first } else { pool[pool[run].runEnd].next = first }
      pool.release(PacketBuffer(adopting: covered))
    }
    return true
  }

  /// Takes the first buffer out of its run, which follows `run`; what follows that buffer then.
  private mutating func removeFirst(
    ofRun first: UInt32, behind run: UInt32, pool: inout PacketPool
  ) -> UInt32 {
    let next = pool[first].next
    let end = pool[first].runEnd
    let isAlone = end == first
    if !isAlone { pool[next].runEnd = end }
    if lastRun == first { lastRun = isAlone ? run : next }
    bufferCount &-= 1
    return next
  }

  /// Puts `buffer`, which overlaps nothing any more, between two runs, joining what it touches.
  private mutating func link(
    _ buffer: UInt32, between run: UInt32, and following: UInt32, pool: inout PacketPool
  ) {
    pool[buffer].next = following
    pool[buffer].runEnd = buffer
    var first = buffer
    if run == PacketPool.none {
      head = buffer
    } else {
      let end = pool[run].runEnd
      pool[end].next = buffer
      if pool.end(of: end) == pool.start(of: buffer) {
        pool[run].runEnd = buffer
        first = run
      }
    }
    if following == PacketPool.none {
      lastRun = first
    } else if pool.start(of: following) == pool.end(of: buffer) {
      pool[first].runEnd = pool[following].runEnd
      if lastRun == following { lastRun = first }
    }
    bufferCount &+= 1
    note(pool.start(of: buffer), in: block(of: first, pool: pool))
  }

  /// The first buffer, taken out, if it starts at or before `next`.
  mutating func popReady(at next: SequenceNumber, pool: inout PacketPool) -> UInt32? {
    guard head != PacketPool.none, pool.start(of: head) <= next else { return nil }
    let buffer = head
    head = removeFirst(ofRun: buffer, behind: PacketPool.none, pool: &pool)
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

// What is reported about them: RFC 2018, section 4, and RFC 2883, section 4.
extension ReassemblyQueue {
  /// The run that begins with `first`.
  func block(of first: UInt32, pool: borrowing PacketPool) -> SACKBlock {
    SACKBlock(
      start: pool.start(of: first).rawValue, end: pool.end(of: pool[first].runEnd).rawValue)
  }

  /// Fills `blocks` from place `first` up to `limit`: the run that contains `duplicate`, if there was
  /// one, those of the latest arrivals, and the oldest. How many places of `blocks` are then in use.
  func report(
    into blocks: inout InlineArray<4, SACKBlock>, from first: Int, limit: Int,
    duplicate: SequenceNumber?, pool: borrowing PacketPool
  ) -> Int {
    let none = SACKBlock(start: 0, end: 0)
    var latest = InlineArray<4, SACKBlock>(repeating: none)
    var oldest = InlineArray<4, SACKBlock>(repeating: none)
    var oldestCount = 0
    var run = head
    while run != PacketPool.none {
      let block = block(of: run, pool: pool)
      if let duplicate, block.contains(duplicate) {
        latest[0] = block
      } else if let rank = rank(of: block) {
        latest[rank &+ 1] = block
      } else if oldestCount < 4 {
        oldest[oldestCount] = block
        oldestCount &+= 1
      }
      run = pool[pool[run].runEnd].next
    }
    var count = first
    for index in 0..<4 where latest[index] != none && count < limit {
      blocks[count] = latest[index]
      count &+= 1
    }
    for index in 0..<oldestCount where count < limit {
      blocks[count] = oldest[index]
      count &+= 1
    }
    return count
  }

  /// How lately something arrived in `block`: 0 for the latest arrival, nil for none of those that
  /// are remembered.
  private func rank(of block: SACKBlock) -> Int? {
    for rank in 0..<3 where block.contains(recent[rank]) { return rank }
    return nil
  }

  /// Something has arrived at `start`, in the run `block`.
  private mutating func note(_ start: SequenceNumber, in block: SACKBlock) {
    var rank = rank(of: block) ?? 2
    while rank > 0 {
      recent[rank] = recent[rank &- 1]
      rank &-= 1
    }
    recent[0] = start
  }
}

extension SACKBlock {
  fileprivate func contains(_ number: SequenceNumber) -> Bool {
    SequenceNumber(start) <= number && number < SequenceNumber(end)
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
