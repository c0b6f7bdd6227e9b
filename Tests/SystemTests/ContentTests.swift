import Foundation
import Testing

/// Content of an image: every file of it as a client gets it from the booted image.
@Suite(.serialized) struct ContentTests {
  static let site = packageRoot.appendingPathComponent("Images/http")

  @Test func everyFileOfTheSiteArrivesByteExact() throws {
    let port = freePort()
    let guest = try Guest("http", ["--forward", "\(port):80"])
    #expect(guest.waitUntilListening())
    var count = 0
    for name in try FileManager.default.subpathsOfDirectory(atPath: Self.site.path) {
      let file = Self.site.appendingPathComponent(name).path
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: file, isDirectory: &isFolder)
      guard !isFolder.boolValue else { continue }
      try expect(file, at: "http://127.0.0.1:\(port)/\(name)")
      count += 1
    }
    #expect(count > 0)
    #expect(guest.stop().status == 0)
  }

  @Test func aHundredMegabytesArriveByteExact() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("ix content \(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let site = folder.appendingPathComponent("site")
    try FileManager.default.createDirectory(at: site, withIntermediateDirectories: true)
    var generator = SystemRandomNumberGenerator()
    let words = (0..<100_000_000 / 8).map { _ in generator.next() }
    let file = site.appendingPathComponent("large.bin").path
    #expect(
      FileManager.default.createFile(
        atPath: file, contents: words.withUnsafeBytes { Data($0) }))
    let image = try build(in: folder, memory: "256M")
    let port = freePort()
    let guest = try Guest(at: image, ["--forward", "\(port):80"])
    #expect(guest.waitUntilListening())
    try expect(file, at: "http://127.0.0.1:\(port)/large.bin")
    #expect(guest.stop().status == 0)
  }

  @Test func tooLittleMemoryForTheContentIsExplained() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("ix content \(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let site = folder.appendingPathComponent("site")
    try FileManager.default.createDirectory(at: site, withIntermediateDirectories: true)
    try Data(count: 8 << 20).write(to: site.appendingPathComponent("zeros"))
    do {
      _ = try build(in: folder, memory: "16M")
      Issue.record("accepted")
    } catch let error as CommandFailed {
      #expect(error.finished.status == 2)
      #expect(error.description.contains("`memory` is 16M, too little"))
    }
  }

  private func expect(_ file: String, at address: String) throws {
    let compared = try shell(
      ["bash", "-c", "curl -sf -m 120 \"$0\" | cmp - \"$1\"", address, file], seconds: 150)
    #expect(compared.status == 0, "\(file): \(compared.output)")
  }

  /// An image of the server with the folder's `site`, made outside the project's tree.
  private func build(in folder: URL, memory: String) throws -> String {
    let manifest = folder.appendingPathComponent("large.yaml").path
    let text = "application: http\ncontent: site\nmemory: \(memory)\nports: [80]\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: manifest))
    let image = folder.appendingPathComponent("large.elf").path
    let command = [product("release/ixlaunch"), "build", manifest, "-o", image]
    let finished = try shell(command, seconds: 120)
    guard finished.status == 0 else { throw CommandFailed(command: command, finished: finished) }
    return image
  }
}
