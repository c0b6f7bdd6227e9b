/// An address in the kernel's own address space (the test process's, in hosted tests). A number:
/// turning it into a pointer is the unsafe step, done only in files named `+Unsafe`.
package struct KernelAddress: Hashable, BitwiseCopyable, Sendable {
  package let rawValue: UInt64

  @inline(__always)
  package init(_ rawValue: UInt64) { self.rawValue = rawValue }
  @inline(__always)
  package init(of pointer: UnsafeRawPointer) {
    rawValue = UInt64(UInt(bitPattern: pointer))
  }

  @inline(__always)
  package static func + (a: Self, byteCount: Int) -> Self {
    Self(a.rawValue &+ UInt64(truncatingIfNeeded: byteCount))
  }
}

/// An address as a device sees it: what goes into descriptors and base-address registers. Equal to
/// the guest-physical address, because the dataplane runs without an IOMMU of its own.
package struct DeviceAddress: Hashable, BitwiseCopyable, Sendable {
  package let rawValue: UInt64
  @inline(__always)
  package init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// An address in ring 3. Never used before `UserMemory` has checked it.
package struct UserAddress: Hashable, BitwiseCopyable, Sendable {
  package let rawValue: UInt64
  @inline(__always)
  package init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// The linear mapping between kernel and device addresses. In the guest all memory is mapped once
/// at a fixed offset; in hosted tests the offset is zero.
package struct DirectMap: BitwiseCopyable, Sendable {
  /// Kernel address of device address zero.
  package let offset: UInt64
  @inline(__always)
  package init(offset: UInt64) { self.offset = offset }

  @inline(__always)
  package func deviceAddress(of address: KernelAddress) -> DeviceAddress {
    DeviceAddress(address.rawValue &- offset)
  }
  @inline(__always)
  package func kernelAddress(of address: DeviceAddress) -> KernelAddress {
    KernelAddress(address.rawValue &+ offset)
  }
}

/// A range of memory the dataplane owns. Copies name the same bytes.
package struct MemoryRegion: BitwiseCopyable, Sendable {
  package let base: KernelAddress
  package let byteCount: Int

  @inline(__always)
  package init(base: KernelAddress, byteCount: Int) {
    self.base = base
    self.byteCount = byteCount
  }
}
