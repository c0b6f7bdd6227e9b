/// What a debugger can do with a guest. Its processors are gdb's threads, numbered from 0 here; all of
/// them are stopped while anything but `stop` is called.
protocol DebugTarget: AnyObject {
  var processorCount: Int { get }
  /// Nil when the host does not tell.
  func registers(of processor: Int) -> DebugRegisters?
  func setRegisters(_ registers: DebugRegisters, of processor: Int) -> Bool
  /// Memory at a linear address, as `processor` sees it; nil unless all of it is mapped RAM.
  func read(_ address: UInt64, byteCount: Int, as processor: Int) -> [UInt8]?
  /// Regardless of whether the guest itself may write there; false unless all of it is mapped RAM.
  func write(_ bytes: [UInt8], at address: UInt64, as processor: Int) -> Bool
  /// False when there is no room for it, or no memory.
  func insert(_ breakpoint: DebugBreakpoint, as processor: Int) -> Bool
  func remove(_ breakpoint: DebugBreakpoint) -> Bool
}

/// One processor's registers, as far as they are shown.
struct DebugRegisters: Equatable {
  /// rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8 to r15, rip: the order of gdb.
  var general = [UInt64](repeating: 0, count: 17)
  var flags: UInt64 = 0
  /// cs, ss, ds, es, fs, gs.
  var selectors = [UInt16](repeating: 0, count: 6)
  /// fs_base, gs_base, cr0, cr2, cr3, cr4, efer: shown, not changed.
  var system = [UInt64](repeating: 0, count: 7)
}

struct DebugBreakpoint: Hashable {
  enum Kind: UInt64 {
    /// An instruction of the guest is replaced.
    case software = 0
    /// The processor's own (DR0 to DR3): an instruction, a write, any access.
    case execution = 1
    case write = 2
    case access = 4
  }

  let kind: Kind
  let address: UInt64
  /// 1, 2, 4 or 8.
  let byteCount: Int
}

/// Why a guest stands still.
struct DebugStop: Equatable {
  enum Reason: Equatable {
    /// The debugger asked for it.
    case asked
    /// A step or a breakpoint.
    case trap
    /// A write or an access of what is watched at `address`.
    case watch(DebugBreakpoint)
  }

  var processor: Int
  var reason: Reason
}

/// What a processor is to do next.
enum DebugAction: Equatable {
  case stay
  case step
  case run
}
