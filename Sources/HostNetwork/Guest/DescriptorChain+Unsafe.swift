import Glibc

/// The buffers of one descriptor chain, checked: first those the device reads, then those it writes.
///
/// Storage for the longest chain is allocated once and reused.
@safe
package struct DescriptorChain: ~Copyable {
  /// Index of the first descriptor: what the driver gets back.
  package private(set) var head: UInt16 = 0
  package private(set) var readableCount = 0
  package private(set) var writableCount = 0
  package private(set) var readableByteCount = 0
  package private(set) var writableByteCount = 0

  private let capacity: Int
  private let buffers: UnsafeMutablePointer<iovec>

  /// `capacity`: the size of the queue, which is the longest chain.
  package init(capacity: Int) {
    self.capacity = capacity
    unsafe buffers = .allocate(capacity: capacity)
  }

  deinit { unsafe buffers.deallocate() }

  mutating func restart(head: UInt16) {
    self.head = head
    readableCount = 0
    writableCount = 0
    readableByteCount = 0
    writableByteCount = 0
  }

  /// Adds a buffer of the guest. Empty ones say nothing and may lie anywhere.
  mutating func append(
    _ address: UInt64, byteCount: UInt32, isWritable: Bool, memory: GuestMemory
  ) throws(QueueViolation) {
    guard isWritable || writableCount == 0 else { throw .readableAfterWritable }
    guard byteCount > 0 else { return }
    let count = readableCount &+ writableCount
    guard count < capacity else { throw .chainTooLong }
    guard let start = unsafe memory.pointer(to: address, byteCount: UInt64(byteCount)) else {
      throw .badAddress
    }
    // SAFETY: `count` is below the capacity of the storage.
    unsafe (buffers + count).initialize(
      to: iovec(iov_base: start, iov_len: Int(byteCount)))
    if isWritable {
      writableCount &+= 1
      writableByteCount &+= Int(byteCount)
    } else {
      readableCount &+= 1
      readableByteCount &+= Int(byteCount)
    }
  }

  /// For `writev`: the buffers the device reads.
  @unsafe
  package var readable: UnsafeMutableBufferPointer<iovec> {
    unsafe UnsafeMutableBufferPointer(start: buffers, count: readableCount)
  }

  /// For `readv`: the buffers the device writes.
  @unsafe
  package var writable: UnsafeMutableBufferPointer<iovec> {
    unsafe UnsafeMutableBufferPointer(start: buffers + readableCount, count: writableCount)
  }

  /// A copy of at most `limit` bytes of what the device reads.
  package func readBytes(limit: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for index in unsafe readable.indices {
      let buffer = unsafe readable[index]
      let count = unsafe min(buffer.iov_len, limit - bytes.count)
      // SAFETY: the buffer was checked when it was added.
      unsafe bytes.append(
        contentsOf: UnsafeRawBufferPointer(start: buffer.iov_base, count: count))
    }
    return bytes
  }

  /// Copies bytes to where the device writes; returns how many fit.
  package func write(_ bytes: [UInt8]) -> Int {
    var offset = 0
    for index in unsafe writable.indices where offset < bytes.count {
      let buffer = unsafe writable[index]
      let count = unsafe min(buffer.iov_len, bytes.count - offset)
      // SAFETY: the buffer was checked when it was added, and `count` bytes are left.
      unsafe bytes.withUnsafeBytes { source in
        unsafe UnsafeMutableRawBufferPointer(start: buffer.iov_base, count: count)
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[offset..<(offset + count)]))
      }
      offset += count
    }
    return offset
  }
}
