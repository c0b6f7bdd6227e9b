import CZlib

/// CRC-32 (ISO-HDLC, as in zlib and Ethernet), continued over several pieces.
struct CRC32 {
  private(set) var value: UInt32 = 0

  mutating func update(_ bytes: some Collection<UInt8>) {
    let updated: Void? = bytes.withContiguousStorageIfAvailable { unsafe update(storage: $0) }
    if updated == nil { update(Array(bytes)) }
  }

  private mutating func update(storage bytes: UnsafeBufferPointer<UInt8>) {
    guard let base = bytes.baseAddress else { return }
    // SAFETY: `base` is valid for `bytes.count` bytes for the duration of the call.
    value = UInt32(truncatingIfNeeded: unsafe crc32_z(UInt(value), base, bytes.count))
  }

  static func of(_ bytes: some Collection<UInt8>) -> UInt32 {
    var checksum = CRC32()
    checksum.update(bytes)
    return checksum.value
  }
}
