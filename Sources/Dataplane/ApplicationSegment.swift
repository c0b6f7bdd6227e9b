import Packets
import Wire

/// One loadable segment of an application.
package struct ApplicationSegment: BitwiseCopyable, Sendable {
  /// Where its bytes are in the file.
  package private(set) var fileOffset = 0
  package private(set) var fileByteCount = 0
  /// Its first address, at the beginning of a page.
  package private(set) var address = UserAddress(0)
  /// Bytes in memory; those not in the file are zero.
  package private(set) var byteCount: UInt64 = 0
  package private(set) var isWritable = false
  package private(set) var isExecutable = false

  init() {}

  /// The program header at `offset`, which lies inside `file`.
  init(parsing file: RawSpan, at offset: Int, window: Range<UInt64>) throws(ApplicationImageError) {
    let flags: UInt32 = file.littleEndian(at: offset &+ 4)
    let position: UInt64 = file.littleEndian(at: offset &+ 8)
    let fileBytes: UInt64 = file.littleEndian(at: offset &+ 32)
    isExecutable = flags & 1 != 0  // PF_X
    isWritable = flags & 2 != 0  // PF_W
    address = UserAddress(file.littleEndian(at: offset &+ 16))
    byteCount = file.littleEndian(at: offset &+ 40)

    let available = UInt64(truncatingIfNeeded: file.byteCount)
    // The place of no bytes does not matter: linkers put it behind the last one.
    guard fileBytes == 0 || (position <= available && fileBytes <= available &- position) else {
      throw .truncated
    }
    guard fileBytes <= byteCount, address.rawValue % ApplicationImage.pageByteCount == 0 else {
      throw .badSegment
    }
    guard !(isWritable && isExecutable) else { throw .writableAndExecutable }
    guard address.rawValue >= window.lowerBound, address.rawValue <= window.upperBound,
      byteCount <= window.upperBound &- address.rawValue
    else { throw .outsideWindow }
    fileOffset = fileBytes == 0 ? 0 : Int(truncatingIfNeeded: position)
    fileByteCount = Int(truncatingIfNeeded: fileBytes)
  }

  /// Bytes of the pages it occupies.
  package var pagesByteCount: UInt64 { byteCount.roundedUp(to: ApplicationImage.pageByteCount) }

  func contains(_ other: UserAddress) -> Bool {
    other.rawValue &- address.rawValue < byteCount
  }

  func sharesPage(with other: Self) -> Bool {
    address.rawValue < other.address.rawValue &+ other.pagesByteCount
      && other.address.rawValue < address.rawValue &+ pagesByteCount
  }
}

/// The fields of an ELF header that decide whether and where there are program headers.
struct ELFHeader {
  static var byteCount: Int { 64 }
  static var programHeaderByteCount: Int { 56 }

  let entry: UInt64
  let programHeaderOffset: Int
  let programHeaderCount: Int

  init(parsing file: RawSpan) throws(ApplicationImageError) {
    guard file.byteCount >= Self.byteCount else { throw .truncated }
    guard file.bigEndian(at: 0) as UInt32 == 0x7F45_4C46,  // "\u{7F}ELF"
      file.bigEndian(at: 4) as UInt16 == 0x0201,  // ELFCLASS64, ELFDATA2LSB
      file.littleEndian(at: 16) as UInt16 == 2,  // ET_EXEC
      file.littleEndian(at: 18) as UInt16 == 62,  // EM_X86_64
      file.littleEndian(at: 54) as UInt16 == UInt16(Self.programHeaderByteCount)
    else { throw .notAnExecutable }
    entry = file.littleEndian(at: 24)
    let offset: UInt64 = file.littleEndian(at: 32)
    programHeaderCount = Int(file.littleEndian(at: 56) as UInt16)
    let headersByteCount = UInt64(programHeaderCount &* Self.programHeaderByteCount)
    let available = UInt64(truncatingIfNeeded: file.byteCount)
    guard offset <= available, headersByteCount <= available &- offset else { throw .truncated }
    programHeaderOffset = Int(truncatingIfNeeded: offset)
  }
}
