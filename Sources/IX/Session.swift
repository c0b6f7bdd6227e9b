/// What the library knows of one connection.
struct Session: BitwiseCopyable {
  var handle: UInt64
  /// Zero once the session has ended.
  var generation: UInt32
  /// The queue: chunks in flight, then chunks the kernel was not offered.
  var firstChunk = Slab<Chunk>.none
  var lastChunk = Slab<Chunk>.none
  /// The first chunk that was not offered whole to the kernel, or that it did not take whole.
  var firstUnsent = Slab<Chunk>.none
  var nextDirty = Slab<Session>.none
  /// Bytes of `firstUnsent` the kernel has taken.
  var takenOfFirstUnsent: UInt32 = 0
  /// Bytes of `firstChunk` the peer has acknowledged.
  var acknowledgedOfFirst: UInt32 = 0
  var facts = Facts()
  /// Handed to `send` and not acknowledged.
  var unacknowledgedByteCount = 0
  /// Bytes of chunks that were not offered to the kernel, or that it did not take. They wrap: only
  /// their difference to the bytes above counts.
  var unsentByteCount: UInt32 = 0
  /// Bytes in flight that are no chunks, when there are chunks: all of them are older than those.
  var olderByteCount: UInt32 = 0
  /// The batch in which received bytes were last sent back.
  var returnBatch: UInt32 = 0

  init(handle: UInt64, generation: UInt32) {
    self.handle = handle
    self.generation = generation
  }

  /// What the kernel hands back with every call and event of this session, whose number is `index`.
  @inline(__always)
  func cookie(_ index: UInt32) -> UInt64 {
    Connection(index: index, generation: generation).cookie
  }

  /// What is or is not so about a session, one bit each.
  struct Facts: BitwiseCopyable {
    private var bits: UInt32 = 0

    /// Its turn to send will come.
    static var dirty: Self { Self(1) }
    /// The kernel did not take everything: wait until it reports `sent`.
    static var blocked: Self { Self(2) }
    /// The application has closed the connection.
    static var closing: Self { Self(4) }
    /// FIN has been asked for.
    static var shutDown: Self { Self(8) }
    /// Copied bytes may be appended to the last chunk.
    static var growing: Self { Self(16) }
    /// There are chunks.
    static var queued: Self { Self(32) }
    /// There is a `firstUnsent`.
    static var unsent: Self { Self(64) }

    init() {}

    private init(_ bits: UInt32) { self.bits = bits }

    static func | (a: Self, b: Self) -> Self { Self(a.bits | b.bits) }

    /// Whether all of `facts` are so.
    @inline(__always)
    func contains(_ facts: Self) -> Bool { bits & facts.bits == facts.bits }

    /// Whether none of `facts` is so.
    @inline(__always)
    func lacks(_ facts: Self) -> Bool { bits & facts.bits == 0 }

    @inline(__always)
    mutating func insert(_ facts: Self) { bits |= facts.bits }

    @inline(__always)
    mutating func remove(_ facts: Self) { bits &= ~facts.bits }
  }
}

extension Session {
  /// Joins the sessions whose turn to send will come, of which `first` is the first.
  @inline(__always)
  mutating func join(_ first: inout UInt32, as index: UInt32) {
    guard facts.lacks(.dirty) else { return }
    facts.insert(.dirty)
    nextDirty = first
    first = index
  }

  /// Chunk `number`, of `byteCount` bytes, is all there is in the queue now.
  @inline(__always)
  mutating func didQueueFirst(_ number: UInt32, byteCount: UInt32) {
    olderByteCount = UInt32(truncatingIfNeeded: unacknowledgedByteCount)
    unacknowledgedByteCount &+= Int(byteCount)
    unsentByteCount &+= byteCount
    firstChunk = number
    lastChunk = number
    firstUnsent = number
    takenOfFirstUnsent = 0
    acknowledgedOfFirst = 0
    facts.insert(.queued | .unsent)
  }

  /// Chunk `number`, of `byteCount` bytes, is the last of a queue that was not empty.
  @inline(__always)
  mutating func didQueueNext(_ number: UInt32, byteCount: UInt32) {
    unacknowledgedByteCount &+= Int(byteCount)
    unsentByteCount &+= byteCount
    lastChunk = number
    facts.remove(.growing)
    guard facts.lacks(.unsent) else { return }
    facts.insert(.unsent)
    firstUnsent = number
    takenOfFirstUnsent = 0
  }

  /// Chunk `number`, of `byteCount` bytes that counted as taken, is the first of a queue of which
  /// nothing was offered.
  mutating func didPrecede(_ number: UInt32, byteCount: UInt32) {
    unacknowledgedByteCount &+= Int(byteCount)
    unsentByteCount &+= byteCount
    olderByteCount &-= byteCount
    firstChunk = number
    firstUnsent = number
    takenOfFirstUnsent = 0
    acknowledgedOfFirst = 0
  }

  /// The last chunk, which was not offered, has `byteCount` bytes more.
  @inline(__always)
  mutating func didGrow(_ byteCount: Int) {
    unacknowledgedByteCount &+= byteCount
    unsentByteCount &+= UInt32(truncatingIfNeeded: byteCount)
  }

  /// The kernel is offered `byteCount` bytes, all up to chunk `next`. They count as taken until it says
  /// something else, and nothing offered may grow.
  @inline(__always)
  mutating func didOffer(_ byteCount: UInt64, upTo next: UInt32) {
    unsentByteCount &-= UInt32(truncatingIfNeeded: byteCount)
    firstUnsent = next
    takenOfFirstUnsent = 0
    facts.remove(next == Slab<Chunk>.none ? .growing | .unsent : .growing)
  }

  /// Bytes the kernel holds: offered, and not acknowledged.
  var inFlightByteCount: UInt32 {
    UInt32(truncatingIfNeeded: unacknowledgedByteCount) &- unsentByteCount
  }

  /// The peer acknowledged `byteCount` bytes. Returns false if that is all there is to do.
  @inline(__always)
  mutating func didAcknowledge(_ byteCount: UInt32) -> Bool {
    unacknowledgedByteCount &-= Int(byteCount)
    return !facts.lacks(.queued | .closing)
  }

  /// Whether chunk `number` is all that is in flight, and all there is to send.
  @inline(__always)
  func hasInFlight(only number: UInt32) -> Bool {
    facts.contains(.queued) && facts.lacks(.unsent | .closing | .blocked) && lastChunk == number
      && olderByteCount | acknowledgedOfFirst == 0
  }
}
