import CKVM
import HostNetwork
import KVM

/// What is known of a processor that cannot go on, in the words of the guest's own reports, so that
/// whoever shows the console can name the addresses.
struct CrashReport {
  private static let frameLimit = 32

  let lines: [String]

  init(_ reason: String, _ processor: KVMProcessor, index: Int, memory: GuestMemory) {
    var lines = ["ix: processor \(index): \(reason)"]
    if let registers = try? processor.registers, let system = try? processor.systemRegisters {
      // AMD processors forget it all when they shut down (APM volume 2, section 15.14.3).
      if registers.rip == 0xFFF0, system.cs.selector == 0xF000 {
        lines.append("ix:   the processor was reset; what it was doing is lost")
      }
      lines += Self.lines(of: registers, system)
      lines += Self.backtrace(registers, processor, memory).map {
        "ix:   backtrace \(Self.text($0))"
      }
    }
    self.lines = lines
  }

  private static func lines(of registers: kvm_regs, _ system: kvm_sregs) -> [String] {
    let rows: [[(String, UInt64)]] = [
      [("rax", registers.rax), ("rbx", registers.rbx), ("rcx", registers.rcx)]
        + [("rdx", registers.rdx)],
      [("rsi", registers.rsi), ("rdi", registers.rdi), ("rbp", registers.rbp)]
        + [("rsp", registers.rsp)],
      [("r8", registers.r8), ("r9", registers.r9), ("r10", registers.r10)]
        + [("r11", registers.r11)],
      [("r12", registers.r12), ("r13", registers.r13), ("r14", registers.r14)]
        + [("r15", registers.r15)],
      [("rip", registers.rip), ("rflags", registers.rflags)]
        + [("cs", UInt64(system.cs.selector)), ("cr2", system.cr2)],
      [("cr0", system.cr0), ("cr3", system.cr3), ("cr4", system.cr4), ("efer", system.efer)],
    ]
    return rows.map { row in
      "ix:   " + row.map { "\($0.0) \(text($0.1))" }.joined(separator: " ")
    }
  }

  /// The instruction, then return addresses by frame pointers, as far as they lead upward through
  /// mapped memory.
  private static func backtrace(
    _ registers: kvm_regs, _ processor: KVMProcessor, _ memory: GuestMemory
  ) -> [UInt64] {
    var addresses = [registers.rip]
    var pointer = registers.rbp
    while addresses.count <= frameLimit, pointer % 8 == 0,
      let next = word(at: pointer, processor, memory),
      let address = word(at: pointer &+ 8, processor, memory), address != 0
    {
      addresses.append(address)
      guard next > pointer else { break }
      pointer = next
    }
    return addresses
  }

  private static func word(
    at address: UInt64, _ processor: KVMProcessor, _ memory: GuestMemory
  ) -> UInt64? {
    guard let physical = processor.physicalAddress(of: address),
      let bytes = memory.read(at: physical, byteCount: 8)
    else { return nil }
    return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  static func text(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return "0x" + String(repeating: "0", count: 16 - digits.count) + digits
  }
}
