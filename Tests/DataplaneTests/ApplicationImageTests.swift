import Packets
import Testing

@testable import Dataplane

@Suite struct ApplicationImageTests {
  static let window: Range<UInt64> = 0x40_0000..<0x80_0000

  struct Header {
    var type: UInt32 = 1
    var flags: UInt32
    var offset: UInt64
    var address: UInt64
    var fileBytes: UInt64
    var memoryBytes: UInt64
  }
  static let text = Header(
    flags: 5, offset: 0x1000, address: 0x40_0000, fileBytes: 0x800, memoryBytes: 0x800)
  static let rodata = Header(
    flags: 4, offset: 0x1800, address: 0x40_1000, fileBytes: 0x100, memoryBytes: 0x100)
  static let data = Header(
    flags: 6, offset: 0x1900, address: 0x40_2000, fileBytes: 0x10, memoryBytes: 0x2000)

  static func littleEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  /// An executable of 0x2000 bytes with these program headers.
  static func file(_ headers: [Header] = [text, rodata, data], entry: UInt64 = 0x40_0010) -> [UInt8]
  {
    var bytes: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0] + [UInt8](repeating: 0, count: 8)
    bytes += littleEndian(2 as UInt16) + littleEndian(62 as UInt16) + littleEndian(1 as UInt32)
    bytes += littleEndian(entry) + littleEndian(64 as UInt64) + littleEndian(0 as UInt64)
    bytes += littleEndian(0 as UInt32) + littleEndian(64 as UInt16) + littleEndian(56 as UInt16)
    bytes += littleEndian(UInt16(headers.count)) + [UInt8](repeating: 0, count: 6)
    for header in headers {
      bytes += littleEndian(header.type) + littleEndian(header.flags)
      bytes += littleEndian(header.offset) + littleEndian(header.address)
      bytes += littleEndian(header.address) + littleEndian(header.fileBytes)
      bytes += littleEndian(header.memoryBytes) + littleEndian(4096 as UInt64)
    }
    return bytes + [UInt8](repeating: 0xCC, count: 0x2000 - bytes.count)
  }

  static func parse(_ file: [UInt8]) throws -> ApplicationImage {
    try ApplicationImage(parsing: file.span.bytes, window: window)
  }

  @Test func aWellFormedApplicationIsAccepted() throws {
    let image = try Self.parse(Self.file())
    #expect(image.entry == UserAddress(0x40_0010))
    #expect(image.segmentCount == 3)
    #expect(image[0].isExecutable && !image[0].isWritable)
    #expect(!image[1].isExecutable && !image[1].isWritable)
    #expect(!image[2].isExecutable && image[2].isWritable)
    #expect(image[2].fileOffset == 0x1900)
    #expect(image[2].fileByteCount == 0x10)
    #expect(image[2].pagesByteCount == 0x2000)
  }

  @Test func otherHeadersAndEmptySegmentsAreIgnored() throws {
    var note = Self.rodata
    note.type = 4
    var empty = Self.data
    empty.fileBytes = 0
    empty.memoryBytes = 0
    let image = try Self.parse(Self.file([note, Self.text, empty]))
    #expect(image.segmentCount == 1)
  }

  @Test func everyTruncationIsRefused() {
    let file = Self.file()
    for count in stride(from: 0, to: 0x1910, by: 13) {
      let prefix = Array(file.prefix(count))
      #expect(throws: ApplicationImageError.truncated) { _ = try Self.parse(prefix) }
    }
  }

  @Test(arguments: [0, 3, 4, 5, 16, 18, 54])
  func foreignFilesAreRefused(offset: Int) {
    var file = Self.file()
    file[offset] ^= 0x41
    #expect(throws: ApplicationImageError.notAnExecutable) { _ = try Self.parse(file) }
  }

  @Test(arguments: [2, 3, 7] as [UInt32])
  func whatNeedsALoaderIsRefused(type: UInt32) {
    var header = Self.rodata
    header.type = type
    let file = Self.file([Self.text, header])
    #expect(throws: ApplicationImageError.notStatic) { _ = try Self.parse(file) }
  }

  @Test(arguments: [7, 3] as [UInt32])
  func writableCodeIsRefused(flags: UInt32) {
    var header = Self.data
    header.flags = flags
    let file = Self.file([Self.text, header])
    #expect(throws: ApplicationImageError.writableAndExecutable) { _ = try Self.parse(file) }
  }

  @Test(
    arguments: [
      (0x2000, 0x10, .truncated), (.max, 0x10, .truncated), (0x1900, .max, .truncated),
      (0x1900, 0x701, .truncated), (0x1900, 0x700, .badSegment),
    ] as [(UInt64, UInt64, ApplicationImageError)])
  func bytesBeyondTheFileAreRefused(
    offset: UInt64, fileBytes: UInt64, error: ApplicationImageError
  ) {
    var header = Self.data
    header.offset = offset
    header.fileBytes = fileBytes
    header.memoryBytes = 0x600
    let file = Self.file([Self.text, header])
    #expect(throws: error) { _ = try Self.parse(file) }
  }

  @Test(
    arguments: [
      (0x40_2000, 0xF, .badSegment), (0x40_2008, 0x10, .badSegment),
      (0x3F_F000, 0x10, .outsideWindow), (0x7F_F000, 0x1001, .outsideWindow),
      (0xFFFF_FFFF_8010_0000, 0x10, .outsideWindow), (0x40_2000, .max, .outsideWindow),
      (0x40_0000, 0x10, .overlappingSegments), (0, 0x10, .outsideWindow),
      (0xFFFF_FFFF_FFFF_F000, .max, .outsideWindow),
    ] as [(UInt64, UInt64, ApplicationImageError)])
  func aBadPlaceIsRefused(address: UInt64, byteCount: UInt64, error: ApplicationImageError) {
    var header = Self.data
    header.address = address
    header.memoryBytes = byteCount
    let file = Self.file([Self.text, header])
    #expect(throws: error) { _ = try Self.parse(file) }
  }

  @Test(arguments: [0, 0x40_1000, 0x40_0800, 0x40_2000, 0x3F_FFFF, .max] as [UInt64])
  func anEntryOutsideTheTextIsRefused(entry: UInt64) {
    let file = Self.file(entry: entry)
    #expect(throws: ApplicationImageError.badEntry) { _ = try Self.parse(file) }
  }

  @Test func moreThanEightSegmentsAreRefused() {
    let headers = (0..<9).map { index in
      var header = Self.text
      header.address += UInt64(index) * 0x1000
      return header
    }
    #expect(throws: ApplicationImageError.tooManySegments) {
      _ = try Self.parse(Self.file(headers))
    }
  }

  @Test func anyDamageIsParsedOrRefused() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<5_000 {
      var file = Self.file()
      for _ in 0..<4 {
        file[Int.random(in: 0..<232, using: &generator)] = UInt8.random(
          in: 0...255, using: &generator)
      }
      guard let image = try? Self.parse(file) else { continue }
      for index in 0..<image.segmentCount {
        #expect(image[index].fileOffset + image[index].fileByteCount <= file.count)
        #expect(image[index].address.rawValue >= Self.window.lowerBound)
        #expect(
          image[index].address.rawValue + image[index].byteCount <= Self.window.upperBound)
      }
    }
  }
}
