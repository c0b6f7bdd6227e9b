/// A core's fixed pool of equally sized receive buffers with reference counts.
///
/// The bytes lie in one region, so that the region can be mapped read-only into ring 3 as the
/// receive window; everything the dataplane must be able to trust lies in a separate table.
@safe
package struct PacketPool: ~Copyable {
  /// Holds a full Ethernet frame and the device's header in front of it.
  package static var bufferByteCount: Int { 2048 }
  /// The index that names no buffer.
  package static var none: UInt32 { .max }

  package let count: Int
  /// Buffers that are in nobody's hands.
  package private(set) var freeCount: Int
  /// Bytes of packets that were copied into buffers of this pool by the kernel.
  package var copiedByteCount: UInt64 = 0
  private var metadata: Table<PacketMetadata>
  private var firstFree: UInt32
  private let base: UnsafeMutableRawPointer

  /// A pool of as many buffers as fit into `memory`, nil if that is none or the arena is too small
  /// for their metadata.
  package init?(memory: MemoryRegion, arena: inout Arena) {
    let count = memory.byteCount / Self.bufferByteCount
    guard count > 0, count < Int(UInt32.max),
      var metadata = arena.carve(count: count, repeating: PacketMetadata())
    else { return nil }
    for index in 0..<(count - 1) { metadata[index].next = UInt32(truncatingIfNeeded: index + 1) }
    self.count = count
    self.freeCount = count
    self.metadata = metadata
    firstFree = 0
    unsafe base = unsafe memory.pointer
  }

  /// A buffer with one reference, or nil when the pool is exhausted.
  @inline(__always)
  package mutating func allocate() -> PacketBuffer? {
    guard firstFree != Self.none else { return nil }
    let index = firstFree
    firstFree = metadata[index].next
    metadata[index] = PacketMetadata(references: 1)
    freeCount &-= 1
    return PacketBuffer(adopting: index)
  }

  /// Gives one reference back; the last one frees the buffer.
  @inline(__always)
  package mutating func release(_ buffer: consuming PacketBuffer) {
    let index = buffer.relinquish()
    precondition(metadata[index].references > 0, "a free packet buffer was released")
    metadata[index].references &-= 1
    guard metadata[index].references == 0 else { return }
    metadata[index].next = firstFree
    metadata[index].holder = Self.none
    firstFree = index
    freeCount &+= 1
  }

  /// A further reference to a buffer that is in use.
  @inline(__always)
  package mutating func retain(_ index: UInt32) -> PacketBuffer {
    precondition(metadata[index].references > 0, "a free packet buffer was retained")
    precondition(metadata[index].references < .max, "too many references to a packet buffer")
    metadata[index].references &+= 1
    return PacketBuffer(adopting: index)
  }

  /// Whether one more `retain` of this buffer is possible.
  @inline(__always)
  package func canRetain(_ index: UInt32) -> Bool {
    metadata[index].references > 0 && metadata[index].references < .max
  }

  package subscript(_ index: UInt32) -> PacketMetadata {
    @inline(__always) get { metadata[index] }
    @inline(__always) _modify { yield &metadata[index] }
  }

  /// The whole buffer, to be read.
  @inline(__always)
  @_lifetime(borrow self)
  package func bytes(of index: UInt32) -> RawSpan {
    // SAFETY: `pointer` checks the index; the region holds `count` whole buffers.
    let bytes = unsafe RawSpan(
      _unsafeStart: pointer(to: index), byteCount: Self.bufferByteCount)
    return unsafe _overrideLifetime(bytes, borrowing: self)
  }

  /// The first byte of a buffer, for a descriptor or a fragment.
  @unsafe
  @inline(__always)
  package func pointer(to index: UInt32) -> UnsafeMutableRawPointer {
    precondition(UInt(index) < UInt(bitPattern: count), "no such packet buffer")
    // SAFETY: the index was checked.
    return unsafe base + Int(truncatingIfNeeded: index) &* Self.bufferByteCount
  }

  /// Copies bytes from one buffer to another, which the caller owns: the only place where the kernel
  /// copies bytes of packets.
  package mutating func copy(
    _ byteCount: Int, from source: UInt32, at sourceOffset: Int, to target: UInt32,
    at targetOffset: Int
  ) {
    precondition(source != target, "a buffer is copied onto itself")
    precondition(
      sourceOffset >= 0 && targetOffset >= 0 && byteCount >= 0
        && byteCount <= Self.bufferByteCount &- sourceOffset
        && byteCount <= Self.bufferByteCount &- targetOffset,
      "bytes of a packet do not fit into a buffer")
    // SAFETY: `pointer` checks the indices, the lines above that both ranges lie inside one buffer
    // each; they do not overlap, because the buffers are different.
    unsafe (pointer(to: target) + targetOffset).copyMemory(
      from: pointer(to: source) + sourceOffset, byteCount: byteCount)
    copiedByteCount &+= UInt64(truncatingIfNeeded: byteCount)
  }

  /// The kernel address of a buffer's first byte.
  @inline(__always)
  package func address(of index: UInt32) -> KernelAddress {
    // SAFETY: only the number is kept.
    unsafe KernelAddress(of: pointer(to: index))
  }

  /// The buffer that contains `address`, nil when it lies elsewhere.
  @inline(__always)
  package func index(containing address: KernelAddress) -> UInt32? {
    // SAFETY: only the number is used.
    let offset = unsafe address.rawValue &- UInt64(UInt(bitPattern: base))
    guard offset < UInt64(truncatingIfNeeded: count &* Self.bufferByteCount) else { return nil }
    return UInt32(truncatingIfNeeded: offset / UInt64(Self.bufferByteCount))
  }
}
