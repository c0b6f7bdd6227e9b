/// Bytes in a connection's queue from `send` to acknowledgement.
struct Chunk: BitwiseCopyable {
  /// What becomes of the bytes when the peer has acknowledged them.
  enum Owner: UInt8 {
    /// Constants.
    case nobody
    /// A receive buffer: `token` is the handle of the connection it goes back to.
    case network
    /// A block of the core's `BlockPool`.
    case pool
    /// A block of the heap.
    case heap
    /// The application, which is told `token`.
    case application
  }

  let address: UInt64
  /// A handle or the application's word for a loan, as `owner` says.
  let token: UInt64
  var byteCount: UInt32
  /// Heap and pool: bytes of the block. Network: the number of the receive buffer.
  let capacity: UInt32
  var next = Slab<Chunk>.none
  let owner: Owner

  private init(address: UInt64, token: UInt64, byteCount: UInt32, capacity: UInt32, owner: Owner) {
    self.address = address
    self.token = token
    self.byteCount = byteCount
    self.capacity = capacity
    self.owner = owner
  }

  init(received address: UInt64, handle: UInt64, byteCount: UInt32, buffer: UInt32) {
    self.init(
      address: address, token: handle, byteCount: byteCount, capacity: buffer, owner: .network)
  }

  init(block address: UInt64, byteCount: UInt32, capacity: UInt32) {
    self.init(
      address: address, token: 0, byteCount: byteCount, capacity: capacity, owner: .heap)
  }

  /// A block of the pool, of which the first `byteCount` bytes are written.
  init(pooled address: UInt64, byteCount: Int = 0) {
    self.init(
      address: address, token: 0, byteCount: UInt32(truncatingIfNeeded: byteCount),
      capacity: UInt32(truncatingIfNeeded: BlockPool.blockByteCount), owner: .pool)
  }

  init(constant address: UInt64, byteCount: UInt32) {
    self.init(
      address: address, token: 0, byteCount: byteCount, capacity: 0, owner: .nobody)
  }

  init(lent address: UInt64, byteCount: UInt32, token: UInt64) {
    self.init(
      address: address, token: token, byteCount: byteCount, capacity: 0, owner: .application)
  }
}
