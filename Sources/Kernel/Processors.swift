#if hasFeature(Embedded)
  import CX86
  import Dataplane
  import Drivers
  import Packets

  extension ProcessorList {
    /// The processors of this machine, `count` of them at least; ends the machine when it has fewer.
    static func find(count: Int, boot: BootInformation, first: UInt32, kernel: inout KernelMemory)
      -> ProcessorList
    {
      guard count > 1 else { return ProcessorList(count: 1, first: first) }
      guard let table = processorTable(boot, kernel: &kernel) else {
        return ProcessorList(count: count, first: first)
      }
      let list = ProcessorList(parsing: table, first: first)
      guard list.count >= count else {
        refuse("this machine has fewer processors than cores= asks for")
      }
      return list
    }

    /// The multiple APIC description table; nil when this machine has no tables or they are damaged.
    @_lifetime(immortal)
    private static func processorTable(_ boot: BootInformation, kernel: inout KernelMemory)
      -> RawSpan?
    {
      guard let pointer = rootPointer(boot, kernel: &kernel),
        let root = table(at: pointer.address, signature: pointer.signature, kernel: &kernel)
      else { return nil }
      var index = 0
      while let address = pointer.entry(index, of: root) {
        if let found = table(at: address, signature: 0x4150_4943, kernel: &kernel) {  // "APIC"
          return found
        }
        index += 1
      }
      return nil
    }

    /// Where the monitor says, or somewhere in the BIOS's read-only memory, at a multiple of 16 bytes.
    private static func rootPointer(_ boot: BootInformation, kernel: inout KernelMemory)
      -> RootTablePointer?
    {
      if boot.tables != 0 {
        let bytes = kernel.firmwareBytes(at: boot.tables, byteCount: RootTablePointer.byteCount)
        if let bytes, let pointer = try? RootTablePointer(parsing: bytes) { return pointer }
      }
      guard let area = kernel.firmwareBytes(at: 0xE_0000, byteCount: 0x2_0000) else { return nil }
      var offset = 0
      while offset + RootTablePointer.byteCount <= area.byteCount {
        let bytes = area.extracting(offset..<(offset + RootTablePointer.byteCount))
        if let pointer = try? RootTablePointer(parsing: bytes) { return pointer }
        offset += 16
      }
      return nil
    }

    @_lifetime(immortal)
    private static func table(at address: UInt64, signature: UInt32, kernel: inout KernelMemory)
      -> RawSpan?
    {
      let headerByteCount = SystemTable.headerByteCount
      guard let header = kernel.firmwareBytes(at: address, byteCount: headerByteCount),
        let byteCount = SystemTable.byteCount(of: header, signature: signature),
        let table = kernel.firmwareBytes(at: address, byteCount: byteCount),
        SystemTable.isIntact(table)
      else { return nil }
      return table
    }
  }

  extension KernelMemory {
    /// Bytes that firmware has left; nil when they cannot be mapped.
    @_lifetime(immortal)
    fileprivate mutating func firmwareBytes(at address: UInt64, byteCount: Int) -> RawSpan? {
      let end = address &+ UInt64(byteCount)
      for index in 0..<ram.count where address >= ram[index].start && end <= ram[index].end {
        return physicalBytes(at: address, byteCount: byteCount)
      }
      guard let mapped = map(DeviceAddress(address), byteCount: byteCount) else { return nil }
      return kernelBytes(at: mapped, byteCount: byteCount)
    }
  }
#endif
