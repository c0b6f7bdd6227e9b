import Foundation
import Testing

/// From nothing to a running image of one's own, outside the project's tree and in a path with
/// spaces.
@Suite(.serialized) struct CustomImageTests {
  private static let launcher = product("release/ixlaunch")

  private func inNewFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("ix custom \(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let made = try shell(["env", "-C", folder.path, Self.launcher, "new", "myapp"])
    #expect(made.status == 0, "\(made.output)")
    try body(folder.appendingPathComponent("myapp"))
  }

  @Test func threeCommandsLeadToARunningImage() throws {
    try inNewFolder { package in
      let manifest = package.appendingPathComponent("myapp.yaml").path
      let built = try shell([Self.launcher, "build", manifest], seconds: 300)
      #expect(built.status == 0, "\(built.output)")
      let image = package.appendingPathComponent(".build/images/myapp.elf").path
      let port = freePort()
      let guest = try Guest(at: image, ["--forward", "\(port):7000"])
      #expect(guest.waitUntilListening())
      let reply = try shell(
        ["bash", "-c", "echo 'One packet, 2 ways' | timeout 10 nc -N 127.0.0.1 \(port)"])
      #expect(reply.output == "ONE PACKET, 2 WAYS\n")
      #expect(guest.stop().status == 0)
      let again = try shell([Self.launcher, "build", manifest])
      #expect(again.output.contains("(unchanged)"))
    }
  }

  @Test func aCompilersErrorsReachThePerson() throws {
    try inNewFolder { package in
      let source = package.appendingPathComponent("Sources/myapp/myapp.swift")
      let text = try String(contentsOf: source, encoding: .utf8)
      try Data((text + "let wrong: Int = true\n").utf8).write(to: source)
      let manifest = package.appendingPathComponent("myapp.yaml").path
      let built = try shell([Self.launcher, "build", manifest], seconds: 300)
      #expect(built.status == 3)
      #expect(built.output.contains("myapp.swift:"))
      #expect(built.output.contains("cannot convert value of type 'Bool' to specified type 'Int'"))
    }
  }
}
