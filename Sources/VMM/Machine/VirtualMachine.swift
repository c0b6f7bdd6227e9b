import HostNetwork
import KVM
import Wire

/// One guest: its memory, its processors and its devices.
package final class VirtualMachine: Sendable {
  /// KVM's own pages, and where devices answer; both between RAM and the local APICs.
  private static let reservedPages: UInt64 = 0xFEFF_C000
  private static let deviceStart: UInt32 = 0xE000_0000

  /// What a machine is made of.
  package struct Parts {
    package var memory: GuestMemory
    package var processorCount: Int
    package var backEnd: any NetworkBackEnd
    package var address: MACAddress
    /// Whether a debugger may stop its processors.
    package var isDebugged = false
    /// Takes what the guest writes to its console.
    package var console: @Sendable ([UInt8]) -> Void

    package init(
      memory: GuestMemory, processorCount: Int, backEnd: any NetworkBackEnd, address: MACAddress,
      console: @escaping @Sendable ([UInt8]) -> Void
    ) {
      self.memory = memory
      self.processorCount = processorCount
      self.backEnd = backEnd
      self.address = address
      self.console = console
    }
  }

  private let memory: GuestMemory
  private let machine: KVMMachine
  private let processors: [KVMProcessor]
  private let board: Locked<Board>
  private let console: @Sendable ([UInt8]) -> Void
  private let end = Locked<GuestExit?>(nil)
  package let debugger: GuestDebugger?

  /// Everything of the host that can fail is asked for here.
  package init(_ parts: Parts, boot: BootImage, on system: KVMSystem) throws {
    memory = parts.memory
    console = parts.console
    machine = try system.createMachine()
    try machine.reservePages(at: Self.reservedPages)
    try machine.createLocalInterruptControllers()
    try machine.letProcessorsSpin(on: system)
    try machine.setMemory(memory)
    let supported = try system.supportedLeaves()
    var processors: [KVMProcessor] = []
    for index in 0..<parts.processorCount {
      let processor = try machine.createProcessor(index)
      try processor.setLeaves(
        ProcessorLeaves.leaves(
          supported, processor: index, processorCount: parts.processorCount,
          ticksPerMillisecond: processor.ticksPerMillisecond))
      processors.append(processor)
    }
    self.processors = processors
    debugger = parts.isDebugged ? try GuestDebugger(processors, memory: parts.memory) : nil
    try ProcessorState.prepareForStart(processors[0], entry: boot.entry)
    let router = KVMEventRouter(machine)
    let network = NetworkDevice(address: parts.address, backEnd: parts.backEnd)
    let size = UInt32(VirtioFunction.Part.byteCount)
    let functions = [
      try VirtioFunction(network, at: Self.deviceStart, memory: memory, router: router),
      try VirtioFunction(
        EntropyDevice(), at: Self.deviceStart + size, memory: memory, router: router),
    ]
    board = Locked(Board(functions: functions, console: console))
  }

  /// Runs processor `index` on the calling thread until the guest has ended; how it did.
  package func run(processor index: Int) throws(KVMError) -> GuestExit {
    let processor = processors[index]
    debugger?.begin(processor: index)
    while true {
      let exit = try processor.runUntilExit { access in
        let (value, end) = board.withLock { board in (board.access(access), board.end) }
        // The access that ends the guest is its last: KVM would run it on otherwise.
        if end != nil { processor.setInterrupted(true) }
        if end == .fault { report(access, processor, index) }
        return value
      }
      if let end = board.withLock({ $0.end }) { return end }
      switch exit {
      case .interrupted: debugger?.hold(processor: index, breakpoint: nil)
      case .debug(let status): debugger?.hold(processor: index, breakpoint: status)
      default: return report(exit, processor, index)
      }
    }
  }

  /// Says on the console what is known about a processor that cannot go on.
  private func report(_ exit: KVMExit, _ processor: KVMProcessor, _ index: Int) -> GuestExit {
    let reason: String
    switch exit {
    case .tripleFault: reason = "triple fault: the kernel could not handle an exception"
    case .entryFailed(let code): reason = "the processor refuses to run it, reason \(code)"
    case .internalError(let code): reason = "KVM cannot go on, internal error \(code)"
    case .systemEvent(let kind): reason = "system event \(kind)"
    case .halted: reason = "halted for ever"
    case .unknown(let code): reason = "unexpected exit \(code)"
    case .interrupted, .debug: reason = "interrupted"
    }
    report(reason, processor, index)
    return .fault
  }

  /// The instruction is still at the access, which KVM has not completed.
  private func report(_ access: KVMAccess, _ processor: KVMProcessor, _ index: Int) {
    let verb = access.isWrite ? "write" : "read"
    report(
      "\(verb) of \(access.byteCount) bytes outside its memory at "
        + CrashReport.text(access.address), processor, index)
  }

  private func report(_ reason: String, _ processor: KVMProcessor, _ index: Int) {
    let report = CrashReport(reason, processor, index: index, memory: memory)
    board.withLock { board in board.flush() }
    console(Array((report.lines.joined(separator: "\n") + "\n").utf8))
  }

  /// Passes on the last words of the guest.
  package func flush() { board.withLock { board in board.flush() } }

  package var processorCount: Int { processors.count }
}
