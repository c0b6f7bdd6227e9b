/// A rule of split virtqueues that a driver broke (virtio 1.1, section 2.6). The queue is not used
/// any more until the device is reset.
package enum QueueViolation: Error, Equatable, Sendable {
  /// Size, alignment or place of the queue itself.
  case badLayout
  /// More chains became available than the queue has descriptors.
  case positionJump
  /// An index beyond the end of its table.
  case badIndex
  /// A chain with more descriptors than the queue: a loop, usually.
  case chainTooLong
  /// A buffer outside the guest's memory.
  case badAddress
  /// An indirect table inside another, followed by a descriptor, without INDIRECT_DESC, or of odd
  /// size.
  case badIndirectTable
  /// A buffer to read after one to write.
  case readableAfterWritable
}
