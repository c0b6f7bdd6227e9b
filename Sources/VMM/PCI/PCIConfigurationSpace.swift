/// The 256 bytes of configuration space of one function (PCI Local Bus 3.0, chapter 6): what can be
/// read, and which bits a guest can change.
struct PCIConfigurationSpace {
  private var bytes = [UInt8](repeating: 0, count: 256)
  private var writable = [UInt8](repeating: 0, count: 256)
  private var lastCapability = 0x34
  private var nextCapability = 0x40

  enum Offset {
    static let command = 0x04
    static let baseAddress = 0x10
  }

  /// Bit of the command register: the function answers at its base address.
  static let memorySpace: UInt32 = 1 << 1

  init(vendor: UInt16, device: UInt16, classCode: UInt32, revision: UInt8, subsystem: UInt16) {
    store(UInt32(vendor), at: 0x00, byteCount: 2)
    store(UInt32(device), at: 0x02, byteCount: 2)
    store(UInt32(revision) | classCode << 8, at: 0x08, byteCount: 4)
    store(UInt32(vendor), at: 0x2C, byteCount: 2)
    store(UInt32(subsystem), at: 0x2E, byteCount: 2)
    // Memory space, bus master, INTx off.
    allow(0x0406, at: Offset.command, byteCount: 2)
  }

  /// A 32-bit base address register 0 for a range of `byteCount` bytes, a power of two.
  mutating func setBaseAddress(_ address: UInt32, byteCount: UInt32) {
    store(address, at: Offset.baseAddress, byteCount: 4)
    allow(~(byteCount - 1), at: Offset.baseAddress, byteCount: 4)
  }

  /// Appends a capability; `contents` follow its identifier and link. Returns where it begins.
  @discardableResult
  mutating func addCapability(_ identifier: UInt8, _ contents: [UInt8]) -> Int {
    let offset = nextCapability
    precondition(offset + 2 + contents.count <= 256, "no room for another capability")
    store(1 << 4, at: 0x06, byteCount: 2)  // the status register says that there is a list
    bytes[lastCapability] = UInt8(offset)
    bytes[offset] = identifier
    for (index, byte) in contents.enumerated() { bytes[offset + 2 + index] = byte }
    lastCapability = offset + 1
    nextCapability = (offset + 2 + contents.count + 3) & ~3
    return offset
  }

  /// Lets the guest change the bits of `mask`.
  mutating func allow(_ mask: UInt32, at offset: Int, byteCount: Int) {
    for index in 0..<byteCount {
      writable[offset + index] = UInt8(truncatingIfNeeded: mask >> UInt32(8 * index))
    }
  }

  /// `offset` and `byteCount` may be anything; what lies outside reads as ones.
  func read(at offset: Int, byteCount: Int) -> UInt32 {
    var value: UInt32 = 0
    for index in (0..<min(byteCount, 4)).reversed() {
      let place = offset &+ index
      value = value << 8 | UInt32(bytes.indices.contains(place) ? bytes[place] : 0xFF)
    }
    return value
  }

  /// What the guest may not change, or lies outside, stays as it is.
  mutating func write(_ value: UInt32, at offset: Int, byteCount: Int) {
    for index in 0..<min(byteCount, 4) {
      let place = offset &+ index
      guard bytes.indices.contains(place) else { continue }
      let byte = UInt8(truncatingIfNeeded: value >> UInt32(8 * index))
      bytes[place] = bytes[place] & ~writable[place] | byte & writable[place]
    }
  }

  private mutating func store(_ value: UInt32, at offset: Int, byteCount: Int) {
    for index in 0..<byteCount {
      bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index))
    }
  }
}
