import Foundation
import HTTP
import ImageFixtures
import Testing

@testable import Image

/// Content of images: packing a folder, placing it, and finding what was changed.
@Suite struct ContentTests {
  private let content: [UInt8] = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }

  private func folder(_ files: [String: String]) throws -> URL {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("ix content \(UUID().uuidString)")
    for (name, text) in files {
      let file = folder.appendingPathComponent(name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    return folder
  }

  private func entryCount(of archive: [UInt8]) throws -> Int {
    try SiteArchive(parsing: archive.span.bytes).entryCount
  }

  @Test func aFolderBecomesAnArchiveOfItsFiles() throws {
    let site = try folder(["index.html": "home", "b/c.txt": "c", ".well-known/x": "x"])
    defer { try? FileManager.default.removeItem(at: site) }
    let archive = try ContentFolder(at: site.path).packed()
    // Three files, and "/" for the index.
    #expect(try entryCount(of: archive) == 4)
    #expect(try archive == ContentFolder(at: site.path + "/").packed())
  }

  @Test func aLinkCountsAsWhatItLeadsTo() throws {
    let site = try folder(["a": "a"])
    defer { try? FileManager.default.removeItem(at: site) }
    let link = site.appendingPathComponent("b").path
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "a")
    #expect(try entryCount(of: ContentFolder(at: site.path).packed()) == 2)
    try FileManager.default.removeItem(at: site.appendingPathComponent("a"))
    #expect(throws: ImageError.self) { _ = try ContentFolder(at: site.path).packed() }
  }

  @Test func anAbsentFolderAndAnUnservableNameAreExplained() throws {
    let site = try folder(["bad\nname": ""])
    defer { try? FileManager.default.removeItem(at: site) }
    #expect(throws: ImageError.self) { _ = try ContentFolder(at: site.path).packed() }
    #expect(throws: ImageError.self) { _ = try ContentFolder(at: site.path + "/absent").packed() }
  }

  @Test func contentLiesBehindTheApplicationAndTheKernelIsTold() throws {
    let image = try Image(bytes: Fixtures.image(content: content), named: "image")
    #expect(image.contentByteCount == content.count)
    #expect(image.kernel.section(named: ".ix.content")?.contents == content)
    let segment = try #require(image.kernel.loadedSegments.last)
    #expect(segment.physicalAddress == 0x400000)
    #expect(segment.virtualAddress == 0xFFFF_8000_0040_0000)
    #expect(segment.permissions == .read)
    #expect(segment.memoryByteCount == 12_288)
    #expect(segment.fileOffset % 4096 == 0)
    #expect(image.physicalEnd == 0x400000 + 12_288)
    #expect(image.leastMemory.description == "21M")
    let descriptor = try #require(image.kernel.section(named: ".ix.descriptor")).contents
    #expect(Array(descriptor[40..<48]) == le(UInt64(0x400000)))
    #expect(Array(descriptor[48..<56]) == le(UInt64(content.count)))
  }

  @Test func everyFlippedByteOfTheContentIsFound() throws {
    let whole = try Fixtures.image(content: [UInt8](repeating: 7, count: 100))
    let section = try ELF(parsing: whole, named: "image").section(named: ".ix.content")
    let start = Int(try #require(section).fileOffset)
    for index in start..<(start + 100) {
      var bytes = whole
      bytes[index] ^= 0x10
      #expect(throws: ImageError.self) { _ = try Image(bytes: bytes, named: "image") }
    }
  }

  @Test func aKernelAndContentBeyondTwoGibibytesAreRefused() throws {
    var kernel = Fixtures.kernel
    kernel.segments[3].extraByteCount = 0x7FA0_0000
    #expect(throws: ImageError.self) {
      _ = try Fixtures.image(kernel: kernel, content: [UInt8](repeating: 0, count: 3 << 20))
    }
  }
}
