/// Blocks of one size for copies of small replies, last used first: most are free again after a round
/// trip, so that a few serve a core for ever.
@safe
struct BlockPool: ~Copyable {
  /// Holds a round's answers to a few pipelined requests.
  static var blockByteCount: Int { 2048 }

  /// Free blocks, each beginning with the address of the next.
  private var first: UnsafeMutableRawPointer?

  /// The address of a block nobody uses.
  @inline(__always)
  mutating func take() -> UInt64 {
    guard let block = unsafe first else { return Self.make() }
    // SAFETY: a free block begins with what `giveBack` has put there.
    unsafe first = unsafe block.load(as: UnsafeMutableRawPointer?.self)
    return UInt64(UInt(bitPattern: block))
  }

  @inline(never)
  private static func make() -> UInt64 {
    UInt64(
      UInt(bitPattern: UnsafeMutableRawPointer.allocate(byteCount: blockByteCount, alignment: 16)))
  }

  /// Takes back a block that `take` gave out, once.
  @inline(__always)
  mutating func giveBack(_ address: UInt64) {
    let block = unsafe UnsafeMutableRawPointer(bitPattern: UInt(address)).unsafelyUnwrapped
    // SAFETY: nobody uses the block any more, and it is larger than an address.
    unsafe block.storeBytes(of: first, as: UnsafeMutableRawPointer?.self)
    unsafe first = block
  }

  /// Lets `write` fill a block that `take` gave out, from its beginning; returns how many bytes it says
  /// it has written, at most a block's.
  @inline(__always)
  static func write(to address: UInt64, _ write: (inout MutableRawSpan) -> Int) -> Int {
    let block = unsafe UnsafeMutableRawPointer(bitPattern: UInt(address)).unsafelyUnwrapped
    // SAFETY: the block is the caller's alone, and every byte is one whatever was there before.
    var bytes = unsafe MutableRawSpan(_unsafeStart: block, byteCount: blockByteCount)
    return min(write(&bytes), blockByteCount)
  }
}
