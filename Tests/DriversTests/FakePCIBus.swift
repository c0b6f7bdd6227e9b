import Drivers

/// Configuration space of a machine. Registers are plain bytes, except that base-address registers
/// can only hold multiples of their size.
final class FakePCIBus: PCIConfigurationAccess {
  struct Function {
    var bytes = [UInt8](repeating: 0, count: 256)
    /// The bits of each base-address register that can be written.
    var writable: [Int: UInt32] = [:]

    init(vendor: UInt16 = 0x1AF4, device: UInt16 = 0x1041, headerType: UInt8 = 0) {
      set(vendor, at: 0)
      set(device, at: 2)
      bytes[0x0E] = headerType
    }
    mutating func set(_ value: UInt16, at offset: Int) {
      bytes[offset] = UInt8(truncatingIfNeeded: value)
      bytes[offset + 1] = UInt8(truncatingIfNeeded: value >> 8)
    }
    mutating func set(_ value: UInt32, at offset: Int) {
      set(UInt16(truncatingIfNeeded: value), at: offset)
      set(UInt16(truncatingIfNeeded: value >> 16), at: offset + 2)
    }
    func value(at offset: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
    }
    /// A 64-bit memory range behind registers `index` and `index + 1`.
    mutating func addRange(_ index: Int, byteCount: UInt64, at address: UInt64 = 0) {
      let mask = ~(byteCount - 1)
      writable[0x10 + 4 * index] = UInt32(truncatingIfNeeded: mask)
      writable[0x14 + 4 * index] = UInt32(truncatingIfNeeded: mask >> 32)
      set(UInt32(truncatingIfNeeded: address) | 4, at: 0x10 + 4 * index)
      set(UInt32(truncatingIfNeeded: address >> 32), at: 0x14 + 4 * index)
    }
    /// A list of capabilities, each with its bytes after the link.
    mutating func addCapabilities(_ capabilities: [(identifier: UInt8, body: [UInt8])]) {
      set(UInt16(1 << 4), at: 6)
      var link = 0x34
      var next = 0x40
      for capability in capabilities {
        bytes[link] = UInt8(next)
        bytes[next] = capability.identifier
        for (index, byte) in capability.body.enumerated() { bytes[next + 2 + index] = byte }
        link = next + 1
        next += (2 + capability.body.count + 3) & ~3
      }
    }
  }

  var functions: [PCIAddress: Function] = [:]
  /// Reads so far, to bound loops.
  private(set) var readCount = 0

  func read32(_ address: PCIAddress, at offset: UInt8) -> UInt32 {
    precondition(offset % 4 == 0, "aligned")
    readCount += 1
    return functions[address]?.value(at: Int(offset)) ?? .max
  }
  func read16(_ address: PCIAddress, at offset: UInt8) -> UInt16 {
    precondition(offset % 2 == 0, "aligned")
    return UInt16(
      truncatingIfNeeded: read32(address, at: offset & 0xFC) >> (8 * UInt32(offset & 2)))
  }
  func read8(_ address: PCIAddress, at offset: UInt8) -> UInt8 {
    UInt8(truncatingIfNeeded: read32(address, at: offset & 0xFC) >> (8 * UInt32(offset & 3)))
  }
  func write32(_ value: UInt32, _ address: PCIAddress, at offset: UInt8) {
    guard var function = functions[address] else { return }
    let mask = function.writable[Int(offset)] ?? (0x10..<0x28 ~= Int(offset) ? 0 : .max)
    let kept = function.value(at: Int(offset)) & ~mask
    function.set(kept | value & mask, at: Int(offset))
    functions[address] = function
  }
  func write16(_ value: UInt16, _ address: PCIAddress, at offset: UInt8) {
    functions[address]?.set(value, at: Int(offset))
  }
  func write8(_ value: UInt8, _ address: PCIAddress, at offset: UInt8) {
    functions[address]?.bytes[Int(offset)] = value
  }
}
