import CIXABI

/// The 64 bytes in the kernel's section `.ix.descriptor` that tell it where its application and
/// its content lie.
///
/// Layout, little-endian: magic (8 bytes), ABI version (u32), reserved (u32), physical address (u64)
/// and byte count (u64) of the application's ELF file, its CRC-32 (u32), reserved (u32),
/// physical address (u64) and byte count (u64) of the content, zeros without one, reserved up to 64
/// bytes. The CRC of the whole file covers the content.
struct ApplicationDescriptor: Equatable {
  static let sectionName = ".ix.descriptor"
  static let byteCount = 64
  private static let magic = Array("IXIMAGE1".utf8)

  var abiVersion = UInt32(IX_ABI_VERSION)
  var physicalAddress: UInt64
  var applicationByteCount: UInt64
  var checksum: UInt32
  var contentAddress: UInt64
  var contentByteCount: UInt64

  /// Without content its address does not matter.
  init(_ application: Placed, content: Placed) {
    physicalAddress = application.physicalAddress
    applicationByteCount = UInt64(application.bytes.count)
    checksum = CRC32.of(application.bytes)
    contentAddress = content.bytes.isEmpty ? 0 : content.physicalAddress
    contentByteCount = UInt64(content.bytes.count)
  }

  /// Nil if the bytes do not start with the magic or are too few.
  init?(decoding bytes: [UInt8]) {
    guard bytes.count >= Self.byteCount, bytes.starts(with: Self.magic),
      let abiVersion = bytes.littleEndian(at: 8, as: UInt32.self),
      let physicalAddress = bytes.littleEndian(at: 16, as: UInt64.self),
      let applicationByteCount = bytes.littleEndian(at: 24, as: UInt64.self),
      let checksum = bytes.littleEndian(at: 32, as: UInt32.self),
      let contentAddress = bytes.littleEndian(at: 40, as: UInt64.self),
      let contentByteCount = bytes.littleEndian(at: 48, as: UInt64.self)
    else { return nil }
    self.abiVersion = abiVersion
    self.physicalAddress = physicalAddress
    self.applicationByteCount = applicationByteCount
    self.checksum = checksum
    self.contentAddress = contentAddress
    self.contentByteCount = contentByteCount
  }

  var encoded: [UInt8] {
    var bytes = Self.magic
    bytes.append(littleEndian: abiVersion)
    bytes.append(littleEndian: UInt32(0))
    bytes.append(littleEndian: physicalAddress)
    bytes.append(littleEndian: applicationByteCount)
    bytes.append(littleEndian: checksum)
    bytes.append(littleEndian: UInt32(0))
    bytes.append(littleEndian: contentAddress)
    bytes.append(littleEndian: contentByteCount)
    bytes.pad(to: Self.byteCount)
    return bytes
  }
}

/// Bytes that an image puts at an address of physical memory.
struct Placed {
  let physicalAddress: UInt64
  let bytes: [UInt8]
}
