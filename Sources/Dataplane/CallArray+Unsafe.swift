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

  /// Call `index`, in place.
  @inline(__always)
  package subscript(index: Int) -> SharedCall {
    precondition(UInt(bitPattern: index) < UInt(bitPattern: capacity), "no such batched call")
    // SAFETY: the index was checked.
    return unsafe SharedCall(calls + index)
  }
}

/// A batched call where ring 3 may change it; not to be kept for longer than its array lives.
@safe
package struct SharedCall: BitwiseCopyable {
  private let pointer: UnsafeMutablePointer<CallDescriptor>

  @inline(__always)
  fileprivate init(_ pointer: UnsafeMutablePointer<CallDescriptor>) {
    unsafe self.pointer = pointer
  }

  /// A private copy: what is checked is what is used.
  @inline(__always)
  package var snapshot: CallDescriptor {
    // SAFETY: the array has checked the index.
    unsafe ix_call_snapshot(pointer)
  }

  /// A private copy of operation, handle, bytes and buffer, without cookie and peer.
  @inline(__always)
  package var usualSnapshot: CallDescriptor {
    // SAFETY: as above.
    unsafe ix_usual_snapshot(pointer)
  }

  /// Tells the application what the call came to.
  @inline(__always)
  package func complete(_ result: Int64) {
    // SAFETY: as above.
    unsafe pointer.pointee.result = result
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
