import CIXABI

/// The 64 bytes in the kernel's section `.ix.descriptor` that tell it where its application lies.
///
/// Layout, little-endian: magic (8 bytes), ABI version (u32), reserved (u32), physical address (u64)
/// and byte count (u64) of the application's ELF file, its CRC-32 (u32), reserved up to 64 bytes.
struct ApplicationDescriptor: Equatable {
  static let sectionName = ".ix.descriptor"
  static let byteCount = 64
  private static let magic = Array("IXIMAGE1".utf8)

  var abiVersion = UInt32(IX_ABI_VERSION)
  var physicalAddress: UInt64
  var applicationByteCount: UInt64
  var checksum: UInt32

  init(physicalAddress: UInt64, application: [UInt8]) {
    self.physicalAddress = physicalAddress
    applicationByteCount = UInt64(application.count)
    checksum = CRC32.of(application)
  }

  /// Nil if the bytes do not start with the magic or are too few.
  init?(decoding bytes: [UInt8]) {
    guard bytes.count >= Self.byteCount, bytes.starts(with: Self.magic),
      let abiVersion = bytes.littleEndian(at: 8, as: UInt32.self),
      let physicalAddress = bytes.littleEndian(at: 16, as: UInt64.self),
      let applicationByteCount = bytes.littleEndian(at: 24, as: UInt64.self),
      let checksum = bytes.littleEndian(at: 32, as: UInt32.self)
    else { return nil }
    self.abiVersion = abiVersion
    self.physicalAddress = physicalAddress
    self.applicationByteCount = applicationByteCount
    self.checksum = checksum
  }

  var encoded: [UInt8] {
    var bytes = Self.magic
    bytes.append(littleEndian: abiVersion)
    bytes.append(littleEndian: UInt32(0))
    bytes.append(littleEndian: physicalAddress)
    bytes.append(littleEndian: applicationByteCount)
    bytes.append(littleEndian: checksum)
    bytes.pad(to: Self.byteCount)
    return bytes
  }
}
