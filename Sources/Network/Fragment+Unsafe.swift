import Packets
import Wire

extension Checksum {
  /// Continues the sum over the bytes that `fragments` name, in order.
  mutating func add(_ fragments: Span<Fragment>) {
    for index in fragments.indices {
      let fragment = fragments[index]
      let region = MemoryRegion(base: fragment.address, byteCount: fragment.byteCount)
      guard region.byteCount > 0 else { continue }
      // SAFETY: whoever made a fragment checked that its bytes exist and stay until the frame is
      // finished: pool buffers, or application memory validated by the call gate.
      unsafe add(RawSpan(_unsafeStart: region.pointer, byteCount: region.byteCount))
    }
  }
}
