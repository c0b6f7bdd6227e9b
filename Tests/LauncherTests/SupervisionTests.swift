import Foundation
import Testing

/// Starting, watching and stopping QEMU, with shell scripts in its place.
@Suite struct SupervisionTests {
  private let launcher: Launcher

  init() throws { launcher = try Launcher() }

  private func run(_ script: String, _ options: [String] = ["--net", "none"]) throws
    -> Launcher.Finished
  {
    try launcher.writeEmulator(script)
    return try launcher.run(["run", "echo.elf", "--accel", "tcg"] + options)
  }

  @Test(arguments: [33: 0, 35: 1, 37: 4, 39: 3, 0: 4])
  func theGuestsEndIsTheLaunchers(code: Int32, status: Int32) throws {
    #expect(try run("exit \(code)").status == status)
  }

  @Test func theConsoleIsPassedOnAndReportsAreExplained() throws {
    let finished = try run("printf 'hello\\r\\nix:   backtrace 0x400001\\nrest'; exit 35")
    #expect(
      finished.output == """
        ixlaunch: echo runs without a network
        hello
        ix:   backtrace 0x400001 _start + 0x1
        rest

        """)
  }

  @Test func theAnswerComesOnceAndNotBeforeSomebodyListens() throws {
    let finished = try run(
      "echo starting; echo 'ix: listening on 7'; echo 'ix: listening on 8'; exit 33",
      ["--forward", "47007:7"])
    #expect(
      finished.output == """
        starting
        ix: listening on 7
        ixlaunch: echo answers on 127.0.0.1:47007, try: nc 127.0.0.1 47007
        ix: listening on 8

        """)
  }

  @Test func theAcceleratorAndTheReasonAreOneLine() throws {
    let finished = try run("exit 33")
    #expect(finished.errors == "ixlaunch: using QEMU with TCG: --accel tcg asks for it\n")
  }

  @Test func qemusLastWordsAreShown() throws {
    let finished = try run("echo 'qemu-system-x86_64: no such machine' >&2; exit 1")
    #expect(finished.status == 3)
    #expect(finished.errors.contains("ixlaunch: qemu-system-x86_64: no such machine; "))
  }

  @Test func aRefusedSandboxIsLeftOut() throws {
    let finished = try run(
      """
      case "$*" in *sandbox*) echo 'failed to install seccomp syscall filter' >&2; exit 1;; esac
      exit 33
      """)
    #expect(finished.status == 0)
    #expect(finished.errors.contains("starting without it"))
  }

  @Test func qemuReadsNothingFromTheTerminalAndInheritsNoOtherFiles() throws {
    let finished = try run("readlink /proc/self/fd/0; ls /proc/self/fd | wc -l; exit 33")
    // The listing itself has one descriptor open.
    #expect(finished.output.hasSuffix("/dev/null\n4\n"))
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func aSignalStopsTheGuestCleanly(signal: Int32) throws {
    try launcher.writeEmulator("echo $$ > pid; trap 'exit 0' TERM; while :; do sleep 0.05; done")
    let process = try launcher.start(
      ["run", "echo.elf", "--net", "none"], output: FileHandle.nullDevice,
      errors: FileHandle.nullDevice)
    let child = try #require(try childIdentifier())
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(process.terminationReason == .exit)
    #expect(kill(child, 0) != 0)
  }

  @Test func aSecondSignalKillsAGuestThatDoesNotStop() throws {
    try launcher.writeEmulator("echo $$ > pid; trap '' TERM; while :; do sleep 0.05; done")
    let process = try launcher.start(
      ["run", "echo.elf", "--net", "none"], output: FileHandle.nullDevice,
      errors: FileHandle.nullDevice)
    let child = try #require(try childIdentifier())
    kill(process.processIdentifier, SIGINT)
    usleep(200_000)
    #expect(process.isRunning)
    kill(process.processIdentifier, SIGINT)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(kill(child, 0) != 0)
  }

  @Test func qemuDoesNotOutliveAKilledLauncher() throws {
    try launcher.writeEmulator("echo $$ > pid; exec sleep 60")
    let process = try launcher.start(
      ["run", "echo.elf", "--net", "none"], output: FileHandle.nullDevice,
      errors: FileHandle.nullDevice)
    let child = try #require(try childIdentifier())
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(launcher.waits { kill(child, 0) != 0 })
  }

  @Test func nothingIsLeftBehind() throws {
    try launcher.writeEmulator("exit 33")
    let before = try FileManager.default.contentsOfDirectory(atPath: launcher.directory.path)
    _ = try launcher.run("run", "echo.elf", "--net", "none")
    let after = try FileManager.default.contentsOfDirectory(atPath: launcher.directory.path)
    #expect(Set(after).subtracting(["out", "err", "run"]) == Set(before))
    #expect(try FileManager.default.contentsOfDirectory(atPath: launcher.runDirectory.path) == [])
  }

  /// The process the script has written down.
  private func childIdentifier() throws -> Int32? {
    var found: Int32?
    _ = launcher.waits {
      found = (try? launcher.text("pid")).flatMap { Int32($0.dropLast()) }
      return found != nil
    }
    return found
  }
}
