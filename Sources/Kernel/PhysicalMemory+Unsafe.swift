#if hasFeature(Embedded)
  import Packets

  // Memory by physical address, through the direct map.

  /// `byteCount` bytes of RAM that nobody writes while the span is in use.
  @_lifetime(immortal)
  func physicalBytes(at address: UInt64, byteCount: Int) -> RawSpan {
    kernelBytes(at: PhysicalAddress(address).kernelAddress, byteCount: byteCount)
  }

  /// The same by the address of a mapping that stays.
  @_lifetime(immortal)
  func kernelBytes(at address: KernelAddress, byteCount: Int) -> RawSpan {
    let region = MemoryRegion(base: address, byteCount: byteCount)
    // SAFETY: mappings are never removed; callers name memory that exists.
    let span = unsafe RawSpan(_unsafeStart: region.pointer, byteCount: byteCount)
    return unsafe _overrideLifetime(span, copying: ())
  }

  extension MemoryRegion {
    func fillWithZero() {
      // SAFETY: the region is memory the caller has taken from the memory map.
      unsafe pointer.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    }

    /// Copies `bytes`, which fit, to the beginning of the region.
    func copy(_ bytes: RawSpan) {
      precondition(bytes.byteCount <= byteCount, "copy beyond a memory region")
      unsafe bytes.withUnsafeBytes { source in
        guard let start = source.baseAddress else { return }
        // SAFETY: the count was checked; source and region are different memory.
        unsafe pointer.copyMemory(from: start, byteCount: source.count)
      }
    }
  }
#endif
