/// A piece of memory of fixed size that outlives its uses: a request that has not arrived whole, or
/// a decoded key.
@safe
struct Block: BitwiseCopyable {
  static var byteCount: Int { 2048 }

  private let base: UnsafeMutableRawPointer

  fileprivate init() { unsafe base = .allocate(byteCount: Self.byteCount, alignment: 16) }

  /// A block that is never freed.
  static func make() -> Block { Block() }

  fileprivate func deallocate() { unsafe base.deallocate() }

  /// The bytes `start..<end`. They must have been written, and must not be written again while the
  /// span is in use.
  @_lifetime(immortal)
  func bytes(_ start: Int, _ end: Int) -> RawSpan {
    precondition(0 <= start && start <= end && end <= Self.byteCount)
    // SAFETY: blocks are freed with the server only; the range was checked.
    let span = unsafe RawSpan(_unsafeStart: base + start, byteCount: end &- start)
    return unsafe _overrideLifetime(span, copying: ())
  }

  /// Writes `bytes` at `offset`; the bytes may be the block's own.
  func write(_ bytes: RawSpan, at offset: Int) {
    precondition(offset >= 0 && offset &+ bytes.byteCount <= Self.byteCount)
    guard bytes.byteCount > 0 else { return }
    // SAFETY: the range was checked; `copyMemory` allows overlap.
    unsafe bytes.withUnsafeBytes {
      unsafe (base + offset).copyMemory(
        from: $0.baseAddress.unsafelyUnwrapped, byteCount: $0.count)
    }
  }

  func write(_ octet: UInt8, at offset: Int) {
    precondition(offset >= 0 && offset < Self.byteCount)
    // SAFETY: the offset was checked.
    unsafe base.storeBytes(of: octet, toByteOffset: offset, as: UInt8.self)
  }
}

/// Blocks by number. They are made when more are in use than ever before, up to a limit.
struct Blocks: ~Copyable {
  private var blocks: Table<Block?>
  private var free: Table<UInt32>
  private var freeCount = 0
  private var count = 0

  static var none: UInt32 { .max }

  init(limit: Int) {
    blocks = Table(count: limit, repeating: nil)
    free = Table(count: limit, repeating: 0)
  }

  deinit { for index in 0..<count { blocks[index]?.deallocate() } }

  /// A block nobody uses, nil at the limit.
  mutating func take() -> UInt32? {
    if freeCount > 0 {
      freeCount &-= 1
      return free[freeCount]
    }
    guard count < blocks.count else { return nil }
    blocks[count] = .make()
    count &+= 1
    return UInt32(truncatingIfNeeded: count &- 1)
  }

  mutating func giveBack(_ number: UInt32) {
    free[freeCount] = number
    freeCount &+= 1
  }

  subscript(number: UInt32) -> Block {
    guard let block = blocks[number] else { preconditionFailure("no such block") }
    return block
  }

  /// Blocks in use.
  var usedCount: Int { count &- freeCount }
}
