import Foundation
import Testing

@testable import ControlPlane

/// The small HTTP server on a socket of its own.
@Suite struct ServiceTests {
  private static func service(_ path: String) throws -> HTTPService {
    try HTTPService(socketPath: path) { request in
      HTTPService.Response(200, "\(request.method) \(request.path) \(request.query["a"] ?? "-")")
    }
  }

  private static func newPath() -> String { "/tmp/ix-test-\(UUID().uuidString.prefix(8))" }

  /// A client's connection to `path`.
  private static func connect(_ path: String) -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    precondition(connected == 0)
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    return descriptor
  }

  /// What a client gets that sends `pieces`, the server having a turn after each; nil while it gets
  /// nothing.
  private static func reply(to pieces: [String]) throws -> String? {
    let path = newPath()
    defer { unlink(path) }
    let service = try service(path)
    let client = connect(path)
    defer { close(client) }
    for piece in pieces {
      let sent = piece.utf8CString.withUnsafeBytes { send(client, $0.baseAddress, $0.count - 1, 0) }
      precondition(sent == piece.utf8.count)
      for _ in 0..<6 { service.turn(milliseconds: 10) }
    }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(client, &buffer, buffer.count, 0)
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }

  @Test func aRequestIsAnsweredHoweverItIsCut() throws {
    let request = "GET /x?a=7 HTTP/1.1\r\nHost: ix\r\n\r\n"
    let whole = try #require(try Self.reply(to: [request]))
    #expect(whole.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(whole.hasSuffix("\r\n\r\nGET /x 7"))
    #expect(try Self.reply(to: request.map { String($0) }) == whole)
  }

  @Test(arguments: [
    ("nonsense\r\n\r\n", "400"), ("GET x HTTP/1.1\r\n\r\n", "400"), ("GET / FTP/1\r\n\r\n", "400"),
    (String(repeating: "x", count: 9000), "431"), ("\r\n\r\n", "400"),
  ])
  func whatIsNoRequestIsRefused(text: String, status: String) throws {
    let reply = try #require(try Self.reply(to: [text]))
    #expect(reply.dropFirst("HTTP/1.1 ".count).prefix(3) == status)
  }

  @Test func halfARequestIsNotAnswered() throws {
    #expect(try Self.reply(to: ["GET / HTTP/1.1\r\nHost"]) == nil)
  }

  @Test func aSocketThatACrashLeftIsReplaced() throws {
    let path = Self.newPath()
    defer { unlink(path) }
    for _ in 0..<2 {
      let service = try Self.service(path)
      let client = Self.connect(path)
      close(client)
      service.turn(milliseconds: 10)
    }
  }
}

@Suite struct RunDirectoryTests {
  private let directory = RunDirectory(
    path: FileManager.default.temporaryDirectory.appendingPathComponent(
      "ix-run-\(UUID().uuidString)"
    ).path)

  private func record(
    _ name: String, monitor: ProcessIdentity, launcher: ProcessIdentity = .current
  ) -> DataplaneRecord {
    DataplaneRecord(
      name: name, image: "i", monitorKind: "QEMU", cores: 1, memory: "64M", answer: "",
      monitor: monitor, launcher: launcher, startedAt: 0)
  }

  @Test func aNameIsGivenOnce() throws {
    defer { try? FileManager.default.removeItem(atPath: directory.path) }
    let folder = try directory.claim("a")
    #expect(folder.write(record("a", monitor: .current)) == nil)
    #expect(throws: NameInUse.self) { _ = try directory.claim("a") }
    #expect(try directory.claim("a", orAnother: true).name == "a-2")
    #expect(directory.records().map { $0.state } == [.running])
  }

  /// Under /tmp somebody else may have been there before.
  @Test func aPlaceThatOthersCanWriteIsRefused() throws {
    let place = directory.path
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: place) }
    chmod(place, 0o777)
    let error = #expect(throws: ControlError.self) { _ = try directory.claim("a") }
    #expect(error?.reason == "it is not a folder that only this user can write")
    chmod(place, 0o755)
    _ = try directory.claim("a")
    let link = "\(place)-link"
    defer { unlink(link) }
    #expect(symlink(place, link) == 0)
    #expect(throws: ControlError.self) { _ = try RunDirectory(path: link).claim("a") }
  }

  @Test func whatACrashLeftIsClearedAway() throws {
    defer { try? FileManager.default.removeItem(atPath: directory.path) }
    // The number of a living process, started at another time.
    let dead = ProcessIdentity(identifier: getpid(), startTime: 1)
    do {
      let folder = try directory.claim("a")
      #expect(folder.write(record("a", monitor: dead, launcher: dead)) == nil)
      try Data().write(to: URL(fileURLWithPath: folder.socketPath))
    }
    #expect(directory.records().map { $0.state } == [.crashed])
    let folder = try directory.claim("a")
    #expect(folder.wasStale)
    #expect(!FileManager.default.fileExists(atPath: folder.socketPath))
    #expect(directory.records().isEmpty)
  }

  @Test func aGuestThatOutlivedItsLauncherKeepsItsName() throws {
    defer { try? FileManager.default.removeItem(atPath: directory.path) }
    let dead = ProcessIdentity(identifier: getpid(), startTime: 1)
    do {
      let folder = try directory.claim("a")
      #expect(folder.write(record("a", monitor: .current, launcher: dead)) == nil)
    }
    #expect(directory.records().map { $0.state } == [.orphaned])
    let error = #expect(throws: NameInUse.self) { _ = try directory.claim("a") }
    #expect(error?.description.contains("process \(getpid())") == true)
  }

  @Test func theConsoleEndsWhereItEnds() throws {
    defer { try? FileManager.default.removeItem(atPath: directory.path) }
    let folder = try directory.claim("a")
    try Data("one\ntwo\nthree\n".utf8).write(to: URL(fileURLWithPath: folder.consolePath))
    #expect(Console.lines(in: folder.path) == ["one", "two", "three"])
    #expect(Console.lines(in: folder.path, last: 2) == ["two", "three"])
    #expect(Console.lines(in: folder.path, last: 0) == [])
    #expect(Console.lines(in: "/nowhere") == [])
  }

  @Test func withoutADataplaneThereIsASentence() {
    let error = #expect(throws: ControlError.self) { _ = try Dataplane("x", in: directory) }
    #expect(error?.description == "x: there is no dataplane of this name; see: ixlaunch list")
  }
}

@Suite struct PcapNGTests {
  @Test func blocksAreWholeWordsWithTheirLengthAtBothEnds() {
    let frame = CapturedFrame(
      bytes: [1, 2, 3, 4, 5], originalByteCount: 60, time: 5, isSent: true, core: 0)
    let file =
      PcapNG.beginning(name: "kv", snapByteCount: 2048)
      + PcapNG.packet(frame, origin: 1_700_000_000_000_000_000)
      + PcapNG.end(captured: 1, dropped: 2, time: 9)
    var kinds: [UInt32] = []
    var offset = 0
    func word(_ offset: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(file[offset + $1]) << (8 * $1) }
    }
    while offset < file.count {
      let byteCount = Int(word(offset + 4))
      #expect(byteCount % 4 == 0)
      #expect(word(offset + byteCount - 4) == UInt32(byteCount))
      kinds.append(word(offset))
      offset += byteCount
    }
    #expect(kinds == [0x0A0D_0D0A, 1, 6, 5])
  }
}
