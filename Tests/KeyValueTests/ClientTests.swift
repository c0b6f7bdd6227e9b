import Foundation
import KeyValue
import Testing

/// Real clients against the module over a loopback socket, where they are installed.
@Suite struct ClientTests {
  private static let memccapable = "/usr/bin/memccapable"

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: memccapable)))
  func memccapablePasses() throws {
    let server = try #require(LoopbackServer())
    server.start(Settings(memoryLimit: 16 << 20))
    defer { server.stop() }
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: Self.memccapable)
    process.arguments = ["-h", "127.0.0.1", "-p", String(server.port), "-t", "10"]
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(text.contains("All tests passed"), "\(text)")
    #expect(process.terminationStatus == 0)
  }
}
