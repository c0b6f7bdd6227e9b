import Foundation
import Testing

/// What the kernel does to a process that is confined as a monitor is.
@Suite struct ConfinementTests {
  private func start(_ arguments: [String], input: Any?, output: Any?) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appendingPathComponent("Confined")
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  private func run(_ arguments: String...) throws -> Process {
    let process = try start(
      arguments, input: FileHandle.nullDevice, output: FileHandle.nullDevice)
    process.waitUntilExit()
    return process
  }

  @Test(arguments: ["nothing", "thread", "memory", "event"])
  func whatAMonitorDoesIsAllowed(deed: String) throws {
    let process = try run(deed)
    #expect(process.terminationReason == .exit)
    #expect(process.terminationStatus == 0)
  }

  @Test(arguments: [
    "accept", "open", "exec", "fork", "socket", "unix-socket", "kill", "ioctl", "executable-memory",
    "executable-later", "become-root", "unlink",
  ])
  func whatItDoesNotEndsIt(deed: String) throws {
    let process = try run(deed)
    #expect(process.terminationReason == .uncaughtSignal)
    #expect(process.terminationStatus == SIGSYS)
  }

  @Test func onlyWhoReconnectsMayMakeASocketAndOnlyAUnixOne() throws {
    #expect(try run("unix-socket", "reconnects").terminationStatus == 9)
    #expect(try run("socket", "reconnects").terminationStatus == SIGSYS)
  }

  @Test func aDebuggerMayComeInOnlyWhereOneIsExpected() throws {
    #expect(try run("accept", "debugged").terminationStatus == 9)
    #expect(try run("socket", "debugged").terminationStatus == SIGSYS)
  }

  @Test func itHasNoRightsLeft() throws {
    let (input, output) = (Pipe(), Pipe())
    let process = try start(["wait"], input: input, output: output)
    #expect(
      String(decoding: output.fileHandleForReading.availableData, as: UTF8.self) == "confined\n")
    let status = try String(
      contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
    for line in ["NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t0000000000000000"] {
      #expect(status.contains("\(line)\n"))
    }
    if geteuid() == 0 {
      #expect(status.contains("Uid:\t65534\t65534\t65534\t65534\n"))
      #expect(status.contains("Gid:\t65534\t65534\t65534\t65534\n"))
      let root = try FileManager.default.contentsOfDirectory(
        atPath: "/proc/\(process.processIdentifier)/root/")
      #expect(root == [])
    }
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}
