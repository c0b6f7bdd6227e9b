import Testing

@testable import HTTP

@Suite struct SiteArchiveTests {
  static func accepts(_ bytes: [UInt8]) -> Bool {
    do {
      _ = try SiteArchive(parsing: bytes.rawSpan)
      return true
    } catch {
      return false
    }
  }

  static func error(_ bytes: [UInt8]) -> SiteArchiveError? {
    do {
      _ = try SiteArchive(parsing: bytes.rawSpan)
      return nil
    } catch {
      return error
    }
  }

  /// The content at `path`, nil if there is none.
  static func content(_ archive: [UInt8], at path: String) throws -> String? {
    let site = try SiteArchive(parsing: archive.rawSpan)
    let path = Array(path.utf8)
    guard let entry = site.entry(at: 0..<path.count, of: path.rawSpan) else { return nil }
    return String(decoding: archive[entry.content], as: UTF8.self)
  }

  @Test func whatWasPackedIsFound() throws {
    for (path, content) in Bench.files {
      #expect(try Self.content(Bench.archive, at: path) == content)
    }
    #expect(try Self.content(Bench.archive, at: "/docs/") == "docs")
    #expect(try Self.content(Bench.archive, at: "/docs") == "")
    for path in ["", "a.txt", "/a.tx", "/a.txt/", "/~", "/docs/index.htm", "/zzz"] {
      #expect(try Self.content(Bench.archive, at: path) == nil)
    }
  }

  @Test func anEmptySiteAndALargeOneAreFine() throws {
    #expect(try Self.content(Bench.pack([]), at: "/") == nil)
    let many = (0..<1000).map { (path: "/\($0 * 7919 % 1000).txt", content: "\($0)") }
    let archive = Bench.pack(many)
    for (path, content) in many { #expect(try Self.content(archive, at: path) == content) }
  }

  @Test(arguments: ["", "a", "/\0", "/a\r\nX: y", "//", "/a//b", "/.", "/a/../b", "/a/"])
  func pathsThatNoRequestNamesAreRefused(path: String) {
    var writer = SiteArchiveWriter()
    #expect(throws: SiteArchiveError.malformed) { try writer.add([], at: Array(path.utf8)) }
  }

  @Test func aPathCannotBeAddedTwice() throws {
    var writer = SiteArchiveWriter()
    try writer.add([], at: Array("/a".utf8))
    try writer.add([1], at: Array("/a".utf8))
    #expect(throws: SiteArchiveError.malformed) { try writer.archive() }
  }

  @Test func everyTruncationIsRefused() {
    for count in Bench.archive.indices { #expect(!Self.accepts(Array(Bench.archive[..<count]))) }
    #expect(!Self.accepts(Bench.archive + [0]))
  }

  @Test func foreignBytesAndOtherVersionsAreNamed() {
    #expect(Self.error([]) == .foreign)
    #expect(Self.error(Array("\u{7F}ELF....................".utf8)) == .foreign)
    var newer = Bench.archive
    newer[8] = 2
    #expect(Self.error(newer) == .unsupportedVersion)
    #expect(Self.error(Array(Bench.archive.prefix(20))) == .truncated)
  }

  @Test(arguments: [0, 8, 16, 24, 32, 36, 42, 44]) func fieldsAtTheirEdgesDoNotTrap(field: Int) {
    let byteCount = field < 32 ? 8 : field < 40 ? 4 : 2
    for value in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] {
      var archive = Bench.archive
      for index in 0..<byteCount { archive[24 + field + index] = value }
      _ = Self.accepts(archive)
      archive[24 + field] ^= 0xFF
      _ = Self.accepts(archive)
    }
  }

  /// Whatever the damage: refused, or every access stays inside. An access outside would trap.
  @Test(arguments: 0..<8 as Range<UInt64>) func damagedArchivesAreRefusedOrHarmless(seed: UInt64) {
    var random = SplitMix(state: seed)
    let tableEnd = 24 + 48 * 12
    for _ in 0..<2_000 {
      var archive = Bench.archive
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let limit = Bool.random(using: &random) ? tableEnd : archive.count
        archive[Int.random(in: 16..<limit, using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
      guard Self.accepts(archive) else { continue }
      let site = SiteArchive(accepted: archive.rawSpan)
      for index in 0..<site.entryCount {
        let entry = site.entry(index)
        let (head, content) = (archive[entry.head], archive[entry.content])
        #expect(head.count + content.count <= archive.count)
        #expect(archive[entry.mediaType].count <= head.count)
      }
      for (path, _) in Bench.files {
        let path = Array(path.utf8)
        _ = site.entry(at: 0..<path.count, of: path.rawSpan)
      }
    }
  }
}
