import Foundation
import Testing

/// A guest that has taken QEMU over, played by a debugger that makes QEMU's own code do what its
/// `-sandbox` forbids.
@Suite(
  .serialized,
  .enabled(if: geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/gdb")))
struct SandboxTests {
  private let guest: Guest
  private let emulator: Int32

  init() throws {
    guest = try Guest("echo", ["--net", "none"])
    #expect(guest.waitUntilListening())
    let children = try shell(["pgrep", "-P", "\(guest.launcher.identifier)"]).output
    emulator = try #require(Int32(children.dropLast()))
  }

  private func call(_ arguments: String) throws -> String {
    try systemCall(arguments, by: emulator)
  }

  @Test func everyThreadIsUnderTheFilter() throws {
    let tasks = "/proc/\(emulator)/task"
    let threads = try FileManager.default.contentsOfDirectory(atPath: tasks)
    #expect(threads.count > 1)
    for thread in threads {
      let status = try String(contentsOfFile: "\(tasks)/\(thread)/status", encoding: .utf8)
      #expect(status.contains("\nSeccomp:\t2\n"))
      #expect(status.contains("\nNoNewPrivs:\t1\n"))
    }
    // SYS_getpid: what is allowed goes on to work.
    #expect(try call("39").contains("= \(emulator)\n"))
    // SYS_setpriority, to what it is already: refused, and no more.
    #expect(try call("141, 0, 0, 0").contains("= -1\n"))
    #expect(guest.stop().status == 0)
  }

  /// SYS_fork, SYS_execve and SYS_setuid.
  @Test(arguments: ["57", "59, 0, 0, 0", "105, 0"])
  func whatIsForbiddenEndsIt(arguments: String) throws {
    _ = try call(arguments)
    let end = guest.launcher.finish(within: 10)
    #expect(end.status == 3)
    #expect(
      end.output.hasSuffix(
        "ixlaunch: qemu-system-x86_64: it was ended at a system call that it must not make; "
          + "do not trust this image\n"))
    #expect(kill(emulator, 0) != 0)
  }
}

/// Makes the main thread of `process` call `syscall` with `arguments`; what gdb says.
@discardableResult
func systemCall(_ arguments: String, by process: Int32) throws -> String {
  // What ends by it leaves no core file, nor does gdb, which may give up over that.
  try shell(["prlimit", "--pid", "\(process)", "--core=0"])
  return try shell([
    "prlimit", "--core=0", "gdb", "-q", "-batch", "-p", "\(process)", "-ex",
    "print (long)syscall(\(arguments))",
  ]).output
}
