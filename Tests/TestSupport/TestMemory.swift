import Packets

/// Memory for one test, freed with it.
package final class TestMemory {
  package let bytes: UnsafeMutableRawBufferPointer

  package init(byteCount: Int) {
    bytes = .allocate(byteCount: byteCount, alignment: 4096)
  }
  deinit { bytes.deallocate() }

  /// All of the memory, to be carved. One arena or region per memory.
  package var arena: Arena { Arena(unowned: bytes) }
  package var region: MemoryRegion {
    MemoryRegion(base: KernelAddress(of: bytes.baseAddress!), byteCount: bytes.count)
  }
}
