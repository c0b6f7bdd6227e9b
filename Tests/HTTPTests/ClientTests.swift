import Foundation
import HTTPHost
import Testing

@testable import HTTP

/// Ordinary clients against the module, over the loopback interface.
@Suite(.serialized) struct ClientTests {
  static let stock = Result {
    try packSite(
      URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Images/http"))
  }

  /// Runs `body` with the address of a server for the site.
  static func withServer(_ archive: [UInt8], _ body: (String) throws -> Void) throws {
    let server = LoopbackServer(archive: archive)
    Thread { server.serve() }.start()
    defer { server.stop() }
    try body("http://127.0.0.1:\(server.port)")
  }

  /// 100 MB that do not repeat at any power of two.
  static func makeLargeFile() -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 100_000_000) { buffer, count in
      count = buffer.count
      for index in buffer.indices {
        buffer[index] = UInt8(truncatingIfNeeded: (index / 251) &* 31 &+ index)
      }
    }
  }

  static func has(_ tool: String) -> Bool {
    FileManager.default.isExecutableFile(atPath: "/usr/bin/\(tool)")
  }

  /// What the tool wrote to its standard output.
  static func run(_ tool: String, _ arguments: [String]) throws -> Data {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/\(tool)")
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return data
  }

  @Test(.enabled(if: has("curl"))) func curlReceivesEveryByte() throws {
    let large = Self.makeLargeFile()
    var writer = SiteArchiveWriter()
    try writer.add(large, at: Array("/large.bin".utf8))
    try Self.withServer(try writer.archive()) { address in
      for (options, range) in [
        ([], 0..<large.count), (["-r", "33333333-66666666"], 33_333_333..<66_666_667),
        (["-0", "-r", "-12345"], large.count - 12_345..<large.count),
      ] {
        let output = try Self.run("curl", ["-sf"] + options + ["\(address)/large.bin"])
        #expect(output == Data(large[range]))
      }
    }
  }

  /// curl's options, two paths for one run of it, and for each: status, new connections, bytes.
  static let curlRuns: [(options: [String], paths: [String], report: String)] = [
    ([], ["/robots.txt", "/robots.txt"], "200 1 23, 200 0 23, "),
    (["-0"], ["/robots.txt", "/robots.txt"], "200 1 23, 200 1 23, "),
    (
      ["-0", "-HConnection: keep-alive"], ["/robots.txt", "/robots.txt"],
      "200 1 23, 200 0 23, "
    ),
    (["-I"], ["/robots.txt", "/x"], "200 1 0, 404 0 0, "),
    (["-r", "0-4"], ["/robots.txt", "/x"], "206 1 5, 404 0 14, "),
    (["-r", "23-"], ["/robots.txt", "/robots.txt"], "416 1 26, 416 0 26, "),
    (["-HIf-None-Match: *"], ["/robots.txt", "/robots.txt"], "304 1 0, 304 0 0, "),
    (["-d", "a=b"], ["/robots.txt", "/x"], "405 1 23, 405 0 23, "),
    (["-d", "a", "-HExpect: 100-continue"], ["/", "/"], "405 1 23, 405 0 23, "),
    (["-d", "a", "-HTransfer-Encoding: chunked"], ["/", "/"], "405 1 23, 405 0 23, "),
    (["--path-as-is"], ["/../etc/passwd", "/about/../robots.txt"], "400 1 16, 200 0 23, "),
  ]

  @Test(.enabled(if: has("curl"))) func curlIsUnderstood() throws {
    try Self.withServer(try Self.stock.get()) { address in
      for (options, paths, expected) in Self.curlRuns {
        let format = "%{http_code} %{num_connects} %{size_download}, "
        let urls = paths.flatMap { ["-o", "/dev/null", address + $0] }
        let output = try Self.run("curl", ["-s", "-w", format] + options + urls)
        let report = String(decoding: output, as: UTF8.self)
        #expect(report == expected, "\(options)")
      }
    }
  }

  @Test(.enabled(if: has("ab"))) func abSeesNoFailure() throws {
    try Self.withServer(try Self.stock.get()) { address in
      for options in [["-k"], []] {
        let report = String(
          decoding: try Self.run(
            "ab", ["-q", "-n", "5000", "-c", "50"] + options + ["\(address)/"]),
          as: UTF8.self)
        #expect(report.contains("Complete requests:      5000\n"))
        #expect(report.contains("Failed requests:        0\n"))
        #expect(!report.contains("Non-2xx"))
        #expect(options.isEmpty || report.contains("Keep-Alive requests:    5000\n"))
      }
    }
  }

  @Test(.enabled(if: has("wrk"))) func wrkSeesNoFailure() throws {
    try Self.withServer(try Self.stock.get()) { address in
      let report = String(
        decoding: try Self.run(
          "wrk", ["-t", "1", "-c", "64", "-d", "2s", "\(address)/about/"]),
        as: UTF8.self)
      #expect(report.contains("Requests/sec"))
      #expect(!report.contains("Socket errors"))
      #expect(!report.contains("Non-2xx"))
    }
  }
}
