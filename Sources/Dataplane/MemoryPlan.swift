import Packets

/// How a dataplane divides its memory, fixed at start-up. All counts grow with the memory given, so
/// that a larger guest needs no further option.
package struct MemoryPlan: BitwiseCopyable, Sendable, Equatable {
  /// Memory is mapped and divided in pages of this size.
  package static var largePageByteCount: Int { 2 << 20 }

  /// Receive buffers: a power of two of large pages.
  package let poolByteCount: Int
  /// The application's heap: whole large pages.
  package let heapByteCount: Int
  /// Tables, rings and arrays of the kernel.
  package let arenaByteCount: Int
  /// Connections there can be at once: a power of two.
  package let connectionLimit: Int
  /// Timers of the application: one for each connection, and a few.
  package var timerCount: Int { connectionLimit &+ Self.extraTimerCount }

  /// Divides `byteCount` contiguous bytes that begin at a large page; nil when that is too little.
  ///
  /// Two fifths go to receive buffers, a quarter to connections, what is left to the application.
  package init?(byteCount: UInt64) {
    let available = Int(clamping: byteCount)
    let pool = min(Self.powerOfTwo(upTo: available / 5 &* 2), Self.poolLimit)
    let connections = min(
      Self.powerOfTwo(upTo: available / 4 / Self.connectionByteCount), Self.connectionMaximum)
    let arena =
      Self.fixedByteCount &+ connections &* (Self.connectionByteCount &+ Self.timerByteCount)
      &+ pool / PacketPool.bufferByteCount &* MemoryLayout<PacketMetadata>.stride
    let heap = (available &- pool &- arena) & ~(Self.largePageByteCount &- 1)
    guard pool >= Self.largePageByteCount, heap >= Self.largePageByteCount else { return nil }
    poolByteCount = pool
    heapByteCount = heap
    arenaByteCount = arena
    connectionLimit = connections
  }

  /// 128 Ki buffers.
  private static var poolLimit: Int { 256 << 20 }
  /// Connection state, its share of the hash table and of the queues.
  private static var connectionByteCount: Int { 1024 }
  /// Place in the timing wheel, and cookie.
  private static var timerByteCount: Int { 32 }
  private static var extraTimerCount: Int { 256 }
  private static var connectionMaximum: Int { 1 << 20 }
  /// Device rings, arrays shared with ring 3, timing wheel, neighbour table.
  private static var fixedByteCount: Int { 1 << 20 }

  private static func powerOfTwo(upTo limit: Int) -> Int {
    limit < 1 ? 0 : 1 &<< (Int.bitWidth &- 1 &- limit.leadingZeroBitCount)
  }
}
