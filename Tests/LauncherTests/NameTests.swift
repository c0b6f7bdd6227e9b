import Foundation
import Testing

/// Dataplanes have names: one at a time has each, and by it they are found.
@Suite struct NameTests {
  private let launcher: Launcher

  init() throws {
    launcher = try Launcher()
    try launcher.writeEmulator(
      "echo $$ > pid; echo hello; trap 'exit 0' TERM; while :; do sleep 0.05; done")
  }

  /// Starts a dataplane and waits until it is listed.
  private func start(_ options: String...) throws -> Process {
    let before = try names().count
    let process = try launcher.start(
      ["run", "echo.elf", "--net", "none"] + options, output: FileHandle.nullDevice,
      errors: FileHandle.nullDevice)
    #expect(try launcher.waits { try names().count == before + 1 })
    return process
  }

  private func list() throws -> [[String: Any]] {
    let text = try launcher.run("list", "--json").output
    return try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]] ?? []
  }

  private func names() throws -> [String] {
    try list().compactMap { ($0["record"] as? [String: Any])?["name"] as? String }
  }

  private func states() throws -> [String] { try list().compactMap { $0["state"] as? String } }

  @Test func aNameIsRefusedWhileItIsInUse() throws {
    let first = try start("--name", "a")
    let second = try launcher.run("run", "echo.elf", "--net", "none", "--name", "a")
    #expect(second.status == 3)
    let sentence = second.errors.split(separator: "\n").last ?? ""
    #expect(sentence.hasPrefix("ixlaunch: --name a: a dataplane of this name is running (process "))
    #expect(sentence.hasSuffix("; give it another --name, or end that one: ixlaunch stop a"))
    first.interrupt()
    first.waitUntilExit()
    #expect(try names() == [])
    let third = try start("--name", "a")
    third.interrupt()
    third.waitUntilExit()
  }

  @Test func withoutANameEachHasOneOfItsOwn() throws {
    let processes = [try start(), try start(), try start()]
    #expect(try names() == ["echo", "echo-2", "echo-3"])
    for process in processes { process.interrupt() }
    for process in processes { process.waitUntilExit() }
    #expect(try names() == [])
  }

  @Test func whatAKilledLauncherLeftIsRecognised() throws {
    let process = try start("--name", "a")
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(try launcher.waits { try states() == ["crashed"] })
    let again = try start("--name", "b")
    #expect(try states() == ["crashed", "running"])
    again.interrupt()
    again.waitUntilExit()
    let stopped = try launcher.run("stop", "a")
    #expect(stopped.output == "a: had ended; forgotten\n")
    #expect(try names() == [])
  }

  @Test func aDetachedGuestOutlivesItsLaunchers() throws {
    let started = try launcher.run("run", "echo.elf", "--net", "none", "--name", "a", "--detach")
    #expect(started.status == 0)
    #expect(started.output.contains("ixlaunch: a runs without a network\n"))
    #expect(try states() == ["running"])
    let record = try #require(try list().first?["record"] as? [String: Any])
    let left = try #require((record["launcher"] as? [String: Any])?["identifier"] as? Int32)
    let guest = try #require((record["monitor"] as? [String: Any])?["identifier"] as? Int32)
    #expect(try launcher.waits { try launcher.run("logs", "a").output == "hello\n" })
    kill(left, SIGKILL)
    #expect(try launcher.waits { try states() == ["orphaned"] })
    #expect(kill(guest, 0) == 0)
    let second = try launcher.run("run", "echo.elf", "--net", "none", "--name", "a")
    #expect(second.status == 3)
    #expect(try launcher.run("stop", "a").status == 0)
    #expect(launcher.waits { kill(guest, 0) != 0 })
    #expect(try names() == [])
  }

  @Test func aDetachedRunThatFailsSaysSo() throws {
    try launcher.writeEmulator("echo 'qemu-system-x86_64: no such machine' >&2; exit 1")
    let started = try launcher.run("run", "echo.elf", "--forward", "47009:7", "--detach")
    #expect(started.status == 3)
    #expect(started.errors.contains("no such machine"))
  }

  @Test func endedDetachedRunsKeepTheirConsole() throws {
    try launcher.writeEmulator("echo last words; exit 35")
    let started = try launcher.run("run", "echo.elf", "--net", "none", "--name", "a", "--detach")
    #expect(started.status == 0)
    #expect(try launcher.waits { try states() == ["ended"] })
    #expect(try launcher.run("logs", "a").output == "last words\n")
    #expect(try launcher.run("list").output.contains("ended (status 1)"))
    let again = try launcher.run("run", "echo.elf", "--net", "none", "--name", "a")
    #expect(again.status == 1)
  }

  @Test(arguments: [["stats", "x"], ["logs", "x"], ["stop", "x"], ["tune", "x", "--print"]])
  func aNameThatNobodyHasIsExplained(arguments: [String]) throws {
    let finished = try launcher.run(arguments)
    #expect(finished.status == 3)
    #expect(
      finished.errors == "ixlaunch: x: there is no dataplane of this name; see: ixlaunch list\n")
  }

  @Test func nothingRunsAndNothingIsMeasured() throws {
    #expect(try launcher.run("list").output == "no dataplane runs\n")
    #expect(try launcher.run("metrics").output == "")
    #expect(try launcher.run("metrics", "--listen", "x").status == 2)
  }
}
