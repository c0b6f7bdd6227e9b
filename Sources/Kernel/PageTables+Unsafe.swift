#if hasFeature(Embedded)
  import Packets

  /// What a page may be used for: the bits of a leaf entry (Intel SDM volume 3A, section 4.5).
  struct PageAccess: BitwiseCopyable {
    fileprivate let bits: UInt64

    private static var present: UInt64 { 1 << 0 }
    private static var writable: UInt64 { 1 << 1 }
    private static var user: UInt64 { 1 << 2 }
    /// PWT and PCD: with the power-on PAT, strongly uncached.
    private static var uncached: UInt64 { 1 << 3 | 1 << 4 }
    private static var noExecute: UInt64 { 1 << 63 }

    static var kernelText: Self { Self(bits: present) }
    static var kernelReadOnly: Self { Self(bits: present | noExecute) }
    static var kernelData: Self { Self(bits: present | writable | noExecute) }
    static var device: Self { Self(bits: present | writable | uncached | noExecute) }
    static var userText: Self { Self(bits: present | user) }
    static var userReadOnly: Self { Self(bits: present | user | noExecute) }
    static var userData: Self { Self(bits: present | user | writable | noExecute) }

    var isUserWritable: Bool { bits & (Self.user | Self.writable) == Self.user | Self.writable }
  }

  /// One tree of page tables, written through the direct map.
  struct PageTables {
    let root: PhysicalAddress
    private let hasGiantPages: Bool
    /// Entry bits this CPU knows: the no-execute bit is reserved where it is missing.
    private let knownBits: UInt64

    /// An empty tree.
    init(features: CPUFeatures, memory: inout FreeMemory) {
      root = memory.takeTable()
      hasGiantPages = features.hasGiantPages
      knownBits = features.hasNoExecute ? .max : .max >> 1
    }

    /// A tree with nothing in its lower half yet, and nothing in its upper half before `adopt`.
    init(like other: PageTables, memory: inout FreeMemory) {
      root = memory.takeTable()
      hasGiantPages = other.hasGiantPages
      knownBits = other.knownBits
    }

    /// Makes the upper half that of `other`. What `other` maps later is seen here only below entries
    /// of its root that exist now.
    func adoptUpperHalf(of other: PageTables) {
      for index in 256..<512 { write(read(other.root, at: index), to: root, at: index) }
    }

    /// Maps `byteCount` bytes, whole pages, from `virtual` to `physical` with the largest pages that
    /// both addresses allow.
    func map(
      _ virtual: UInt64, to physical: PhysicalAddress, byteCount: UInt64, access: PageAccess,
      memory: inout FreeMemory
    ) {
      var offset: UInt64 = 0
      while offset < byteCount {
        let alignment = (virtual &+ offset) | (physical.rawValue &+ offset)
        let level = largestLevel(alignment: alignment, byteCount: byteCount &- offset)
        let table = table(at: level, for: virtual &+ offset, memory: &memory)
        let large: UInt64 = level > 0 ? 1 << 7 : 0  // PS
        write(
          (physical.rawValue &+ offset) | (access.bits & knownBits) | large, to: table,
          at: Self.index(of: virtual &+ offset, level: level))
        offset &+= Self.byteCount(level: level)
      }
    }

    /// The level of a leaf: 0 for 4 KiB, 1 for 2 MiB, 2 for 1 GiB.
    private func largestLevel(alignment: UInt64, byteCount: UInt64) -> UInt64 {
      var level: UInt64 = hasGiantPages ? 2 : 1
      while level > 0 {
        let page = Self.byteCount(level: level)
        if alignment & (page &- 1) == 0, byteCount >= page { return level }
        level &-= 1
      }
      return 0
    }

    /// The table of `level` that translates `virtual`, made where missing.
    private func table(at level: UInt64, for virtual: UInt64, memory: inout FreeMemory)
      -> PhysicalAddress
    {
      // Present, writable and, in the lower half, user: the leaf alone restricts.
      let open: UInt64 = virtual < 1 << 47 ? 0b111 : 0b011
      var table = root
      var current: UInt64 = 3
      while current > level {
        let index = Self.index(of: virtual, level: current)
        let entry = read(table, at: index)
        if entry & 1 == 0 {
          let next = memory.takeTable()
          write(next.rawValue | open, to: table, at: index)
          table = next
        } else {
          precondition(entry & 1 << 7 == 0, "a large page is in the way")
          table = PhysicalAddress(entry & 0x000F_FFFF_FFFF_F000)
        }
        current &-= 1
      }
      return table
    }

    private static func byteCount(level: UInt64) -> UInt64 { 4096 &<< (9 &* level) }
    private static func index(of virtual: UInt64, level: UInt64) -> Int {
      Int(truncatingIfNeeded: (virtual &>> (12 &+ 9 &* level)) & 511)
    }

    private func read(_ table: PhysicalAddress, at index: Int) -> UInt64 {
      let address = table.kernelAddress + index &* 8
      // SAFETY: `table` is a page of ours in the direct map, and the index is below 512.
      return unsafe UnsafePointer<UInt64>(bitPattern: UInt(address.rawValue))
        .unsafelyUnwrapped.pointee
    }

    private func write(_ entry: UInt64, to table: PhysicalAddress, at index: Int) {
      let address = table.kernelAddress + index &* 8
      // SAFETY: as above; nobody else writes page tables.
      unsafe UnsafeMutablePointer<UInt64>(bitPattern: UInt(address.rawValue))
        .unsafelyUnwrapped.pointee = entry
    }
  }
#endif
