import Testing
import Wire

@testable import Dataplane

@Suite struct StartInfoTests {
  /// `hvm_start_info` version 1: command line at 0x6000, three map entries at 0x7000.
  static func words(magic: UInt32 = 0x336E_C578, version: UInt32 = 1, entries: UInt32 = 3)
    -> [UInt8]
  {
    littleEndian(magic) + littleEndian(version) + littleEndian(0 as UInt32)
      + littleEndian(0 as UInt32) + littleEndian(0 as UInt64) + littleEndian(0x6000 as UInt64)
      + littleEndian(0 as UInt64) + littleEndian(0x7000 as UInt64) + littleEndian(entries)
      + littleEndian(0 as UInt32)
  }

  static func littleEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  static func entry(_ start: UInt64, _ byteCount: UInt64, type: UInt32) -> [UInt8] {
    littleEndian(start) + littleEndian(byteCount) + littleEndian(type) + littleEndian(0 as UInt32)
  }

  @Test func fieldsAreWhereXenPutsThem() throws {
    let bytes = Self.words()
    let info = try StartInfo(parsing: bytes.span.bytes)
    #expect(info.commandLine == 0x6000)
    #expect(info.memoryMap == 0x7000)
    #expect(info.memoryMapCount == 3)
  }

  @Test(arguments: 0..<56)
  func everyShortPrefixIsTruncated(count: Int) {
    let bytes = Array(Self.words().prefix(count))
    #expect(throws: WireError.truncated) { _ = try StartInfo(parsing: bytes.span.bytes) }
  }

  @Test func otherStructuresAreRefused() {
    let foreign = Self.words(magic: 0x1234_5678)
    #expect(throws: WireError.malformed) { _ = try StartInfo(parsing: foreign.span.bytes) }
    let old = Self.words(version: 0)
    #expect(throws: WireError.unsupported) { _ = try StartInfo(parsing: old.span.bytes) }
    for count in [0, 129, UInt32.max] {
      let bytes = Self.words(entries: count)
      #expect(throws: WireError.malformed) { _ = try StartInfo(parsing: bytes.span.bytes) }
    }
  }

  @Test func whatIsRAMAndSomethingElseIsNotUsed() {
    let bytes =
      Self.entry(0x3000, 0x1000, type: 2) + Self.entry(0, 0x8000, type: 1)
      + Self.entry(0xFFFF_FFFF_FFFF_F000, 0x2000, type: 1) + Self.entry(0x10_0000, 0x1000, type: 3)
    let map = MemoryMap(parsing: bytes.span.bytes)
    #expect(map.count == 2)
    #expect(map[0] == MemoryMap.Extent(start: 0, end: 0x3000))
    #expect(map[1] == MemoryMap.Extent(start: 0x4000, end: 0x8000))
  }
}
