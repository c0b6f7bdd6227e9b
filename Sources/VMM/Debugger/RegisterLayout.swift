/// The registers as gdb numbers them. gdb insists on those of the floating-point unit; the kernel uses
/// none of them, and their values are "unavailable".
enum RegisterLayout {
  struct Register {
    let name: String
    let bits: Int
    let type: String
    /// nil: its value is not shown.
    let place: Place?
  }

  /// Where `DebugRegisters` has it.
  enum Place: Equatable {
    case general(Int)
    case flags
    case selector(Int)
    case system(Int)
  }

  private struct Feature {
    let name: String
    let registers: [Register]
  }

  private static let features: [Feature] = [
    Feature(name: "org.gnu.gdb.i386.core", registers: core),
    Feature(
      name: "org.gnu.gdb.i386.sse",
      registers: hidden((0..<16).map { "xmm\($0)" }, bits: 128, type: "uint128")
        + hidden(["mxcsr"], bits: 32, type: "int")),
    Feature(name: "org.gnu.gdb.i386.segments", registers: system(["fs_base", "gs_base"], from: 0)),
    Feature(
      name: "ix.control", registers: system(["cr0", "cr2", "cr3", "cr4", "efer"], from: 2)),
  ]

  private static var core: [Register] {
    let general = [
      "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12",
      "r13", "r14", "r15", "rip",
    ]
    let types = ["rbp": "data_ptr", "rsp": "data_ptr", "rip": "code_ptr"]
    return general.enumerated().map {
      Register(name: $1, bits: 64, type: types[$1] ?? "int64", place: .general($0))
    } + [Register(name: "eflags", bits: 32, type: "int32", place: .flags)]
      + ["cs", "ss", "ds", "es", "fs", "gs"].enumerated().map {
        Register(name: $1, bits: 32, type: "int32", place: .selector($0))
      } + hidden((0..<8).map { "st\($0)" }, bits: 80, type: "i387_ext")
      + hidden(
        ["fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop"], bits: 32,
        type: "int")
  }

  private static func hidden(_ names: [String], bits: Int, type: String) -> [Register] {
    names.map { Register(name: $0, bits: bits, type: type, place: nil) }
  }

  private static func system(_ names: [String], from first: Int) -> [Register] {
    names.enumerated().map {
      Register(name: $1, bits: 64, type: "int64", place: .system(first + $0))
    }
  }

  /// By gdb's number.
  static let registers = features.flatMap { $0.registers }
  /// Those that come all at once: what a gdb without XML knows of, too.
  static let common = features.prefix(2).flatMap { $0.registers }

  /// The target description ("Debugging with GDB", appendix G).
  static let description: String = {
    var text =
      "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
      + "<target><architecture>i386:x86-64</architecture>"
    for feature in features {
      text += "<feature name=\"\(feature.name)\">"
      for register in feature.registers {
        text +=
          "<reg name=\"\(register.name)\" bitsize=\"\(register.bits)\" "
          + "type=\"\(register.type)\"/>"
      }
      text += "</feature>"
    }
    return text + "</target>"
  }()

  /// A register's value as the protocol writes it.
  static func digits(_ register: Register, of registers: DebugRegisters) -> [UInt8] {
    let byteCount = register.bits / 8
    guard let place = register.place else {
      return [UInt8](repeating: UInt8(ascii: "x"), count: 2 * byteCount)
    }
    return Hexadecimal.digits(value(place, of: registers), byteCount: byteCount)
  }

  private static func value(_ place: Place, of registers: DebugRegisters) -> UInt64 {
    switch place {
    case .general(let index): registers.general[index]
    case .flags: registers.flags
    case .selector(let index): UInt64(registers.selectors[index])
    case .system(let index): registers.system[index]
    }
  }

  /// False for a register that cannot be changed.
  static func set(_ place: Place?, to value: UInt64, in registers: inout DebugRegisters) -> Bool {
    switch place {
    case .general(let index): registers.general[index] = value
    case .flags: registers.flags = value
    default: return false
    }
    return true
  }
}
