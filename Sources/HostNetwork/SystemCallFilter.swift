import CLinux

/// The system calls a process may make, as a program for the kernel (seccomp(2),
/// SECCOMP_SET_MODE_FILTER): whatever is not named kills the process, unless all others are allowed.
package struct SystemCallFilter {
  /// What must hold for one argument.
  package struct Condition {
    let argument: Int
    let mask: UInt64
    let value: UInt64

    /// Of the argument (0 to 5) only the bits of `mask` count, and they have to be those of `value`.
    package static func argument(_ index: Int, masked mask: UInt64, is value: UInt64) -> Self {
      Self(argument: index, mask: mask, value: value)
    }

    /// An argument of 32 bits, of which the kernel looks at no others.
    package static func argument(_ index: Int, is value: UInt32) -> Self {
      Self(argument: index, mask: 0xFFFF_FFFF, value: UInt64(value))
    }
  }

  /// Calls of x32, which have numbers of their own, begin here.
  private static let x32Start: UInt32 = 0x4000_0000

  /// Offsets in seccomp_data: the call's number, its architecture, its arguments.
  private enum Field {
    static let number: UInt32 = 0
    static let architecture: UInt32 = 4
    static func low(_ argument: Int) -> UInt32 { UInt32(16 + 8 * argument) }
    static func high(_ argument: Int) -> UInt32 { low(argument) + 4 }
  }

  private enum Code {
    static let load = UInt16(BPF_LD | BPF_W | BPF_ABS)
    static let and = UInt16(BPF_ALU | BPF_AND | BPF_K)
    static let ifEqual = UInt16(BPF_JMP | BPF_JEQ | BPF_K)
    static let ifAtLeast = UInt16(BPF_JMP | BPF_JGE | BPF_K)
    static let end = UInt16(BPF_RET | BPF_K)
  }

  private var body: [sock_filter] = []
  private let allowsOthers: Bool

  /// `allowsOthers`: whatever is not named is allowed, for a process whose needs nobody knows.
  package init(allowsOthers: Bool = false) { self.allowsOthers = allowsOthers }

  /// Allows a call when all conditions hold. Several rules for one call are alternatives; the calls
  /// made most often come first.
  package mutating func allow(_ number: Int32, where conditions: Condition...) {
    var checks = conditions.flatMap(Self.check)
    checks.append(Self.instruction(Code.end, ix_filter_allows))
    // A check that fails goes on behind them.
    for index in checks.indices where checks[index].code == Code.ifEqual {
      checks[index].jf = UInt8(checks.count - 1 - index)
    }
    append(number, checks)
  }

  /// Lets a call fail with `code`, for callers that have another way.
  package mutating func fail(_ number: Int32, with code: Int32) {
    append(number, [Self.instruction(Code.end, ix_filter_fails | UInt32(code))])
  }

  /// Kills the process at a call for which no rule before this one holds.
  package mutating func refuse(_ number: Int32) {
    append(number, [Self.instruction(Code.end, ix_filter_kills)])
  }

  /// The number is loaded before and after.
  private mutating func append(_ number: Int32, _ checks: [sock_filter]) {
    let reload = Self.instruction(Code.load, Field.number)
    body.append(
      Self.instruction(Code.ifEqual, UInt32(number), else: UInt8(checks.count + 1)))
    body += checks + [reload]
  }

  private static func check(_ condition: Condition) -> [sock_filter] {
    half(Field.low(condition.argument), condition.mask, condition.value)
      + half(Field.high(condition.argument), condition.mask >> 32, condition.value >> 32)
  }

  private static func half(_ field: UInt32, _ mask: UInt64, _ value: UInt64) -> [sock_filter] {
    let mask = UInt32(truncatingIfNeeded: mask)
    guard mask != 0 else { return [] }
    return [
      instruction(Code.load, field), instruction(Code.and, mask),
      instruction(Code.ifEqual, UInt32(truncatingIfNeeded: value)),
    ]
  }

  /// The whole program.
  package var program: [sock_filter] {
    let kill = Self.instruction(Code.end, ix_filter_kills)
    return [
      Self.instruction(Code.load, Field.architecture),
      Self.instruction(Code.ifEqual, ix_audit_architecture, then: 1),
      kill,
      Self.instruction(Code.load, Field.number),
      Self.instruction(Code.ifAtLeast, Self.x32Start, else: 1),
      kill,
    ] + body + [allowsOthers ? Self.instruction(Code.end, ix_filter_allows) : kill]
  }

  private static func instruction(
    _ code: UInt16, _ value: UInt32, then: UInt8 = 0, else: UInt8 = 0
  ) -> sock_filter {
    sock_filter(code: code, jt: then, jf: `else`, k: value)
  }
}
