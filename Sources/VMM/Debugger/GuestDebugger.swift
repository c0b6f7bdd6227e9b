import CKVM
import Glibc
import HostNetwork
import KVM

/// Stops and resumes the processors of a guest, each of which has a thread that runs it, and lets the
/// debugger's thread look at what stands still.
package final class GuestDebugger: Sendable {
  private let processors: [KVMProcessor]
  private let memory: GuestMemory
  private let state: Locked<State>
  /// One for each processor: it may go on.
  private let resumption: [Descriptor]
  /// All processors stand still.
  private let standstill: Descriptor

  private struct State {
    var threads: [pthread_t?]
    /// Processors that stand still, or will.
    var isStopping = false
    var held: Set<Int> = []
    var stop: DebugStop?
    /// Original bytes under breakpoint instructions, by physical address, and what asked for them.
    var replaced: [DebugBreakpoint: (physical: UInt64, byte: UInt8)] = [:]
    /// In DR0 to DR3.
    var watched: [DebugBreakpoint?] = [nil, nil, nil, nil]
  }

  private static let signal = SIGUSR1
  /// INT3.
  private static let breakpointInstruction: UInt8 = 0xCC

  package init(_ processors: [KVMProcessor], memory: GuestMemory) throws(SystemCallError) {
    self.processors = processors
    self.memory = memory
    var resumption: [Descriptor] = []
    for _ in processors { resumption.append(try .event()) }
    self.resumption = resumption
    standstill = try .event()
    state = Locked(State(threads: [pthread_t?](repeating: nil, count: processors.count)))
    // Its only effect is that KVM_RUN returns.
    Glibc.signal(Self.signal) { _ in }
  }

  // MARK: Called by the threads of the processors

  /// The calling thread is the one that runs processor `index`.
  func begin(processor index: Int) {
    state.withLock { $0.threads[index] = pthread_self() }
  }

  /// The processor left the guest, because of a breakpoint (`status`: DR6) or not. Returns at once,
  /// or when the debugger lets it go on.
  func hold(processor index: Int, breakpoint status: UInt64?) {
    let isHeld = state.withLock { state in
      if let status, !state.isStopping {
        stopAll(DebugStop(processor: index, reason: Self.reason(status, state)), &state)
      }
      guard state.isStopping else { return false }
      state.held.insert(index)
      if state.held.count == processors.count { standstill.signal() }
      return true
    }
    guard isHeld else { return }
    DebuggerSocket.wait(for: resumption[index])
    resumption[index].drain()
  }

  private static func reason(_ status: UInt64, _ state: State) -> DebugStop.Reason {
    for (index, breakpoint) in state.watched.enumerated() where status >> UInt64(index) & 1 == 1 {
      if let breakpoint, breakpoint.kind != .execution { return .watch(breakpoint) }
    }
    return .trap
  }

  // MARK: Called by the debugger's thread

  /// Readable when all processors stand still.
  var event: Descriptor { standstill }

  /// Makes all processors stand still, and waits until they do; why.
  func standStill() -> DebugStop {
    stop()
    while true {
      if let stop = takeStop() { return stop }
      DebuggerSocket.wait(for: standstill)
    }
  }

  /// Why they stand still; nil when they do not.
  func takeStop() -> DebugStop? {
    state.withLock { state in
      guard state.held.count == processors.count else { return nil }
      standstill.drain()
      return state.stop
    }
  }

  /// Makes all processors stand still, soon.
  func stop() {
    state.withLock { state in
      guard !state.isStopping else { return }
      stopAll(DebugStop(processor: 0, reason: .asked), &state)
    }
  }

  private func stopAll(_ stop: DebugStop, _ state: inout State) {
    state.isStopping = true
    state.stop = stop
    for (index, processor) in processors.enumerated() where !state.held.contains(index) {
      processor.setInterrupted(true)
      if let thread = state.threads[index] { pthread_kill(thread, Self.signal) }
    }
    if state.held.count == processors.count { standstill.signal() }
  }

  /// Lets those processors go on that are to; all of them stand still before.
  func resume(_ actions: [DebugAction]) {
    state.withLock { state in
      let registers = Self.debugRegisters(state.watched)
      state.isStopping = false
      state.stop = nil
      for (index, action) in actions.enumerated() where action != .stay {
        var debugging = registers
        debugging.is_enabled = 1
        debugging.is_stepping = action == .step ? 1 : 0
        release(index, debugging, &state)
      }
    }
  }

  /// Lets all of them go on, with no breakpoint left.
  func detach() {
    state.withLock { state in
      for (_, place) in state.replaced { _ = memory.write([place.byte], at: place.physical) }
      state.replaced = [:]
      state.watched = [nil, nil, nil, nil]
      state.isStopping = false
      state.stop = nil
      for index in state.held { release(index, ix_kvm_debugging(), &state) }
    }
  }

  private func release(_ index: Int, _ debugging: ix_kvm_debugging, _ state: inout State) {
    // A processor that cannot be debugged runs on all the same.
    try? processors[index].setDebugging(debugging)
    processors[index].setInterrupted(false)
    state.held.remove(index)
    resumption[index].signal()
  }

  /// DR0 to DR3 and DR7 (SDM volume 3, section 18.2.4).
  private static func debugRegisters(_ watched: [DebugBreakpoint?]) -> ix_kvm_debugging {
    var debugging = ix_kvm_debugging()
    var addresses = [UInt64](repeating: 0, count: 4)
    for (index, breakpoint) in watched.enumerated() {
      guard let breakpoint else { continue }
      addresses[index] = breakpoint.address
      let type: UInt64 =
        switch breakpoint.kind {
        case .software, .execution: 0
        case .write: 1
        case .access: 3
        }
      let length: UInt64 =
        switch breakpoint.kind == .execution ? 1 : breakpoint.byteCount {
        case 2: 1
        case 4: 3
        case 8: 2
        default: 0
        }
      debugging.control |= 2 << UInt64(2 * index) | (length << 2 | type) << UInt64(16 + 4 * index)
    }
    debugging.addresses = (addresses[0], addresses[1], addresses[2], addresses[3])
    // Exact breakpoints (GE), and the bit that is always set.
    if debugging.control != 0 { debugging.control |= 0x600 }
    return debugging
  }
}

extension GuestDebugger: DebugTarget {
  var processorCount: Int { processors.count }

  func registers(of processor: Int) -> DebugRegisters? {
    guard let general = try? processors[processor].registers,
      let system = try? processors[processor].systemRegisters
    else { return nil }
    var registers = DebugRegisters()
    registers.general = [
      general.rax, general.rbx, general.rcx, general.rdx, general.rsi, general.rdi, general.rbp,
      general.rsp, general.r8, general.r9, general.r10, general.r11, general.r12, general.r13,
      general.r14, general.r15, general.rip,
    ]
    registers.flags = general.rflags
    registers.selectors = [
      system.cs.selector, system.ss.selector, system.ds.selector, system.es.selector,
      system.fs.selector, system.gs.selector,
    ]
    registers.system = [
      system.fs.base, system.gs.base, system.cr0, system.cr2, system.cr3, system.cr4, system.efer,
    ]
    return registers
  }

  func setRegisters(_ registers: DebugRegisters, of processor: Int) -> Bool {
    let values = registers.general
    let general = kvm_regs(
      rax: values[0], rbx: values[1], rcx: values[2], rdx: values[3], rsi: values[4],
      rdi: values[5], rsp: values[7], rbp: values[6], r8: values[8], r9: values[9],
      r10: values[10], r11: values[11], r12: values[12], r13: values[13], r14: values[14],
      r15: values[15], rip: values[16], rflags: registers.flags)
    return (try? processors[processor].setRegisters(general)) != nil
  }

  func read(_ address: UInt64, byteCount: Int, as processor: Int) -> [UInt8]? {
    var bytes: [UInt8] = []
    for (physical, count) in parts(of: address, byteCount, as: processor) {
      guard let physical, let part = memory.read(at: physical, byteCount: count) else { return nil }
      bytes += hidingBreakpoints(part, at: physical)
    }
    return bytes
  }

  private func hidingBreakpoints(_ bytes: [UInt8], at physical: UInt64) -> [UInt8] {
    var bytes = bytes
    state.withLock { state in
      for place in state.replaced.values
      where place.physical >= physical && place.physical - physical < UInt64(bytes.count) {
        bytes[Int(place.physical - physical)] = place.byte
      }
    }
    return bytes
  }

  func write(_ bytes: [UInt8], at address: UInt64, as processor: Int) -> Bool {
    let parts = parts(of: address, bytes.count, as: processor)
    guard
      parts.allSatisfy({ physical, count in
        physical.map { memory.contains($0, byteCount: UInt64(count)) } ?? false
      })
    else { return false }
    var rest = bytes[...]
    for (physical, count) in parts {
      guard let physical, memory.write(rest.prefix(count), at: physical) else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// The pages that hold a range: where each part lies, nil where nothing is mapped.
  private func parts(
    of address: UInt64, _ byteCount: Int, as processor: Int
  ) -> [(physical: UInt64?, count: Int)] {
    var parts: [(UInt64?, Int)] = []
    var next = address
    var rest = byteCount
    while rest > 0 {
      let count = min(rest, Int(4096 - next % 4096))
      parts.append((processors[processor].physicalAddress(of: next), count))
      next = next &+ UInt64(count)
      rest -= count
    }
    return parts
  }

  func insert(_ breakpoint: DebugBreakpoint, as processor: Int) -> Bool {
    guard breakpoint.kind == .software else {
      return state.withLock { state in
        guard let free = state.watched.firstIndex(of: nil) else { return false }
        state.watched[free] = breakpoint
        return true
      }
    }
    guard let physical = processors[processor].physicalAddress(of: breakpoint.address),
      let byte = read(breakpoint.address, byteCount: 1, as: processor)?.first,
      memory.write([Self.breakpointInstruction], at: physical)
    else { return false }
    state.withLock { $0.replaced[breakpoint] = (physical, byte) }
    return true
  }

  func remove(_ breakpoint: DebugBreakpoint) -> Bool {
    state.withLock { state in
      if breakpoint.kind == .software {
        guard let place = state.replaced.removeValue(forKey: breakpoint) else { return false }
        return memory.write([place.byte], at: place.physical)
      }
      guard let index = state.watched.firstIndex(of: breakpoint) else { return false }
      state.watched[index] = nil
      return true
    }
  }
}
