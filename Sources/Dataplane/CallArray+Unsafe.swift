import CIXABI
import IXABI
import Packets

/// One core's array of batched calls, shared with ring 3, which may write it at any time.
@safe
package struct CallArray: ~Copyable {
  package let capacity: Int
  private let calls: UnsafeMutablePointer<CallDescriptor>

  /// As many calls as fit into `memory`, which must stay valid for the life of the array.
  package init(memory: MemoryRegion) {
    capacity = memory.byteCount / MemoryLayout<CallDescriptor>.stride
    // SAFETY: the kernel owns the region; descriptors have no invalid bit pattern.
    unsafe calls = unsafe memory.pointer.bindMemory(to: CallDescriptor.self, capacity: capacity)
  }

  /// A private copy of call `index`: what is checked is what is used.
  @inline(__always)
  package func snapshot(_ index: Int) -> CallDescriptor {
    precondition(UInt(bitPattern: index) < UInt(bitPattern: capacity), "no such batched call")
    // SAFETY: the index was checked.
    return unsafe ix_call_snapshot(calls + index)
  }

  /// Tells the application what call `index` came to.
  @inline(__always)
  package func complete(_ index: Int, result: Int64) {
    precondition(UInt(bitPattern: index) < UInt(bitPattern: capacity), "no such batched call")
    // SAFETY: the index was checked.
    unsafe calls[index].result = result
  }
}

/// Copies scatter-gather vector `index` of an array in application memory.
@inline(__always)
func vectorSnapshot(at array: KernelAddress, index: Int) -> VectorDescriptor {
  let byteCount = MemoryLayout<VectorDescriptor>.stride
  let region = MemoryRegion(base: array + index &* byteCount, byteCount: byteCount)
  // SAFETY: `UserMemory` checked the whole array, alignment included.
  return unsafe ix_vector_snapshot(region.pointer.assumingMemoryBound(to: VectorDescriptor.self))
}
