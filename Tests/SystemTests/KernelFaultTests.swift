import Foundation
import Testing

/// A fault in ring 0 is reported and ends the machine with a status of its own. Nothing an application
/// or a peer can do causes one, so the machine's operator does: a non-maskable interrupt.
@Suite struct KernelFaultTests {
  @Test func itIsReportedWithABacktraceAndItsOwnStatus() throws {
    let socket = NSTemporaryDirectory() + "ix-monitor-\(getpid())"
    defer { try? FileManager.default.removeItem(atPath: socket) }
    let machine = try Running([
      "qemu-system-x86_64", "-nodefaults", "-display", "none", "-no-reboot", "-machine", "q35",
      "-accel", "tcg", "-cpu", "max", "-smp", "2", "-m", "64", "-kernel",
      product("images/echo.elf"), "-append", "ip=10.9.0.2/24", "-serial", "stdio", "-monitor",
      "unix:\(socket),server=on,wait=off", "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04",
      "-device", "virtio-net-pci,romfile=",
    ])
    #expect(machine.waitFor("ix: listening"))
    _ = try shell(["bash", "-c", "echo nmi | timeout 5 nc -N -U \(socket)"])
    let end = machine.finish()
    // ExitStatus.kernelFailure, which the launcher turns into 4.
    #expect(end.status == 0x12 << 1 | 1, "\(end.output)")
    #expect(end.output.contains("ix: kernel fault: non-maskable interrupt (vector 2"))
    #expect(end.output.contains("ix:   rip 0xffffffff8"))
    #expect(end.output.contains("ix:   backtrace 0xffffffff8"))
  }
}
