import HostNetwork

/// Puts an image into the memory of a guest, with what PVH tells a kernel (Xen,
/// xen/include/public/arch-x86/hvm/start_info.h).
package struct BootImage {
  /// What is told about the machine lies here, in RAM below 640 KiB.
  static let startInfo: UInt64 = 0x9_0000
  private static let memoryMap: UInt64 = 0x9_0100
  private static let commandLine: UInt64 = 0x9_1000
  /// RAM ends here, where a PC has its video memory, and goes on at 1 MiB.
  private static let lowEnd: UInt64 = 0xA_0000
  private static let highStart: UInt64 = 0x10_0000
  private static let commandLineLimit = 4095

  let entry: UInt32

  /// Throws when a segment or the command line does not fit, or the file cannot be read.
  package init(_ order: MonitorOrder, into memory: GuestMemory) throws(MonitorError) {
    entry = order.entry
    guard try Self.load(order, into: memory) else { throw .imageTooLarge }
    let line = Array(order.commandLine.utf8.prefix(Self.commandLineLimit)) + [0]
    let map = Self.map(of: memory)
    guard memory.write(line[...], at: Self.commandLine),
      memory.write(map.flatMap(\.encoded)[...], at: Self.memoryMap),
      memory.write(Self.startInfo(mapCount: map.count)[...], at: Self.startInfo)
    else { throw .imageTooLarge }
  }

  /// False when a segment does not fit.
  private static func load(
    _ order: MonitorOrder, into memory: GuestMemory
  ) throws(MonitorError) -> Bool {
    do throws(SystemCallError) {
      let file = try Descriptor.file(order.imagePath)
      for segment in order.segments where try !load(segment, of: file, into: memory) {
        return false
      }
      return true
    } catch {
      throw .host(error)
    }
  }

  /// False when it does not fit.
  private static func load(
    _ segment: BootSegment, of file: Descriptor, into memory: GuestMemory
  ) throws(SystemCallError) -> Bool {
    guard segment.address >= highStart, segment.fileByteCount <= segment.memoryByteCount,
      memory.contains(segment.address, byteCount: segment.memoryByteCount)
    else { return false }
    return try memory.load(
      segment.fileByteCount, of: file, from: segment.fileOffset, at: segment.address)
  }

  /// hvm_start_info, version 1: magic, version, flags, module count, modules, command line, RSDP,
  /// memory map, its count, reserved.
  private static func startInfo(mapCount: Int) -> [UInt8] {
    littleEndian(UInt32(0x336E_C578)) + littleEndian(UInt32(1)) + littleEndian(UInt32(0))
      + littleEndian(UInt32(0)) + littleEndian(UInt64(0)) + littleEndian(commandLine)
      + littleEndian(UInt64(0)) + littleEndian(memoryMap) + littleEndian(UInt32(mapCount))
      + littleEndian(UInt32(0))
  }

  /// hvm_memmap_table_entry.
  private struct Extent {
    let start: UInt64
    let byteCount: UInt64
    /// XEN_HVM_MEMMAP_TYPE_RAM and _RESERVED.
    let kind: UInt32

    var encoded: [UInt8] {
      littleEndian(start) + littleEndian(byteCount) + littleEndian(kind) + littleEndian(UInt32(0))
    }
  }

  private static func map(of memory: GuestMemory) -> [Extent] {
    let ram: UInt32 = 1
    let reserved: UInt32 = 2
    var extents = [
      Extent(start: 0, byteCount: lowEnd, kind: ram),
      Extent(start: lowEnd, byteCount: highStart - lowEnd, kind: reserved),
      Extent(start: highStart, byteCount: memory.low.byteCount - highStart, kind: ram),
    ]
    if memory.high.byteCount > 0 {
      extents.append(
        Extent(start: memory.high.guestAddress, byteCount: memory.high.byteCount, kind: ram))
    }
    return extents
  }
}

private func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
  (0..<(value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}
