import Foundation
import Testing

/// Nobody takes what a launcher has to say: a disk is full, a reader has gone. What cannot be written is
/// lost, which is said once where that can be said; the guest goes on to its own end.
@Suite struct FullDiskTests {
  private let launcher: Launcher

  init() throws {
    launcher = try Launcher()
    try launcher.writeEmulator("seq 20000; exit 35")
  }

  private static let run = ["run", "echo.elf", "--net", "none", "--name", "a"]

  @Test(arguments: [
    (#""$0" "$@" > /dev/full"#, "standard output: No space left on device"),
    (
      #"("$0" "$@"; echo $? > status) | head -n 1; exit $(cat status)"#,
      "standard output: Broken pipe"
    ),
  ])
  func lostOutputIsSaidOnce(script: String, sentence: String) throws {
    let finished = try launcher.run(Self.run, script: script)
    #expect(finished.status == 1)
    let lines = finished.errors.split(separator: "\n")
    #expect(
      lines.dropFirst() == ["ixlaunch: \(sentence); the console goes on in: ixlaunch logs a"])
    #expect(try launcher.remains() == [])
  }

  @Test func errorsThatNobodyTakesEndNothing() throws {
    let finished = try launcher.run(Self.run, script: #""$0" "$@" 2> /dev/full"#)
    #expect(finished.status == 1)
    #expect(finished.output.hasSuffix("\n20000\n"))
    #expect(try launcher.remains() == [])
  }

  @Test(arguments: [["list"], ["inspect", "echo.elf"], ["doctor"]])
  func anAnswerThatCannotBeWrittenIsAFailure(arguments: [String]) throws {
    let finished = try launcher.run(arguments, script: #""$0" "$@" > /dev/full"#)
    #expect(finished.status == 3)
    #expect(finished.errors == "ixlaunch: standard output: No space left on device\n")
  }

  /// Room for a few lines of the console, or for nothing at all.
  @Test(.enabled(if: geteuid() == 0), arguments: [0, 100])
  func aFullDiskCostsTheLogOnly(kibibytesBefore: Int) throws {
    let disk = launcher.path("disk")
    launcher.runDirectory = URL(fileURLWithPath: disk).appendingPathComponent("run")
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
    let finished = try launcher.run(
      Self.run,
      script: """
        mount -t tmpfs -o size=16k none disk || exit 99
        head -c \(kibibytesBefore)K /dev/zero > disk/full 2> head
        "$0" "$@"; echo $? > status; ls -A disk/run > left; umount disk; exit $(cat status)
        """)
    #expect(finished.status == 1)
    #expect(finished.output.hasSuffix("\n20000\n"))
    let folder = launcher.runDirectory.appendingPathComponent("a").path
    let console =
      "ixlaunch: \(folder)/console.log: No space left on device; lines of the console are lost there"
    let state =
      "ixlaunch: \(folder): its state cannot be written: No space left on device; "
      + "other commands may not find a"
    let said = finished.errors.split(separator: "\n").dropFirst().map { String($0) }
    #expect(said == (kibibytesBefore == 0 ? [console] : [state, console]))
    #expect(try launcher.text("left") == "")
    #expect(launcher.processes == [])
  }
}
