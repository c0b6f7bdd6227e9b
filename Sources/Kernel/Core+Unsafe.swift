#if hasFeature(Embedded)
  import CX86
  import Packets

  extension Core {
    /// Whether this core has been installed: before, there is no application.
    static var isInstalled: Bool { ix_core_context() != 0 }

    /// The core this runs on; it must have been installed.
    static var current: Core {
      @inline(__always)
      unsafeAddress {
        // SAFETY: `install` put an initialised value there, for good; ring 0 of one core is one
        // thread and does not enter itself.
        unsafe UnsafePointer(bitPattern: UInt(ix_core_context())).unsafelyUnwrapped
      }
      @inline(__always)
      unsafeMutableAddress {
        // SAFETY: as above.
        unsafe UnsafeMutablePointer(bitPattern: UInt(ix_core_context())).unsafelyUnwrapped
      }
    }

    /// Makes `core` the state of the core whose block is `block`.
    static func install(_ core: consuming Core, in block: CoreBlock, arena: inout Arena) {
      let layout = MemoryLayout<Core>.self
      guard let region = arena.carve(byteCount: layout.size, alignment: max(layout.alignment, 64))
      else { refuse("this guest has too little memory; give it at least 16 MiB") }
      // SAFETY: the region was carved for it, with its size and alignment.
      unsafe region.pointer.initializeMemory(as: Core.self, to: core)
      block.setContext(region.base.rawValue)
    }
  }
#endif
