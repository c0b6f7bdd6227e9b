import Wire

/// What a virtual machine monitor tells a guest it starts by PVH: `hvm_start_info`, version 1 (Xen,
/// xen/include/public/arch-x86/hvm/start_info.h).
package struct StartInfo: BitwiseCopyable, Sendable {
  package static var byteCount: Int { 56 }
  /// Bytes of one entry of the memory map.
  package static var entryByteCount: Int { 24 }

  /// Physical address of the command line, zero-terminated; 0 when there is none.
  package let commandLine: UInt64
  /// Physical address of the pointer to the firmware's tables; 0 when the monitor does not know.
  package let tables: UInt64
  /// Physical address of the memory map.
  package let memoryMap: UInt64
  package let memoryMapCount: Int

  /// Throws `.truncated`, `.malformed` (another magic number or no memory map) or `.unsupported`
  /// (version 0 has no memory map).
  package init(parsing bytes: RawSpan) throws(WireError) {
    guard bytes.byteCount >= Self.byteCount else { throw .truncated }
    guard bytes.littleEndian(at: 0) as UInt32 == 0x336E_C578 else { throw .malformed }
    guard bytes.littleEndian(at: 4) as UInt32 >= 1 else { throw .unsupported }
    commandLine = bytes.littleEndian(at: 24)
    tables = bytes.littleEndian(at: 32)
    memoryMap = bytes.littleEndian(at: 40)
    memoryMapCount = Int(bytes.littleEndian(at: 48) as UInt32)
    guard memoryMap != 0, memoryMapCount > 0, memoryMapCount <= 128 else { throw .malformed }
  }
}

extension MemoryMap {
  /// The memory a PVH memory map describes: what is RAM and nothing else at once.
  package init(parsing entries: RawSpan) {
    self.init()
    let usable: UInt32 = 1  // XEN_HVM_MEMMAP_TYPE_RAM
    let count = entries.byteCount / StartInfo.entryByteCount
    for index in 0..<count {
      let offset = index &* StartInfo.entryByteCount
      guard entries.littleEndian(at: offset &+ 16) == usable else { continue }
      add(start: entries.littleEndian(at: offset), byteCount: entries.littleEndian(at: offset &+ 8))
    }
    for index in 0..<count {
      let offset = index &* StartInfo.entryByteCount
      guard entries.littleEndian(at: offset &+ 16) != usable else { continue }
      remove(
        start: entries.littleEndian(at: offset), byteCount: entries.littleEndian(at: offset &+ 8))
    }
  }
}
