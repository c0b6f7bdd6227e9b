import CKVM
import KVM

/// The state in which PVH starts the first processor: 32-bit protected mode, flat segments, paging
/// and interrupts off, the start information's address in EBX (Xen, docs/misc/pvh.pandoc).
enum ProcessorState {
  /// PE and ET.
  private static let controlRegister0: UInt64 = 1 << 0 | 1 << 4
  /// Bit 1 of RFLAGS is always set.
  private static let flags: UInt64 = 2

  static func prepareForStart(_ processor: KVMProcessor, entry: UInt32) throws(KVMError) {
    var system = try processor.systemRegisters
    // Accessed, readable code; accessed, writable data; a busy 32-bit task.
    system.cs = segment(selector: 0x08, kind: 0b1011)
    for path in [\kvm_sregs.ds, \.es, \.fs, \.gs, \.ss] {
      system[keyPath: path] = segment(selector: 0x10, kind: 0b0011)
    }
    system.tr = task()
    system.cr0 = controlRegister0
    system.cr4 = 0
    system.efer = 0
    try processor.setSystemRegisters(system)
    var registers = kvm_regs()
    registers.rip = UInt64(entry)
    registers.rbx = BootImage.startInfo
    registers.rflags = flags
    try processor.setRegisters(registers)
  }

  /// 4 GiB from 0, 32-bit.
  private static func segment(selector: UInt16, kind: UInt8) -> kvm_segment {
    var segment = kvm_segment()
    segment.base = 0
    segment.limit = UInt32.max
    segment.selector = selector
    segment.type = kind
    segment.present = 1
    segment.db = 1
    segment.s = 1
    segment.g = 1
    return segment
  }

  private static func task() -> kvm_segment {
    var segment = kvm_segment()
    segment.limit = 0x67
    segment.type = 0b1011
    segment.present = 1
    return segment
  }
}
