/// One conversation with gdb ("Debugging with GDB", appendix E), while the guest stands still. What it
/// does not know it answers with nothing, as the protocol wants, and gdb does without.
struct RemoteSession {
  /// What a packet leads to.
  enum Answer: Equatable {
    case reply([UInt8])
    /// An action for each processor; the reply is sent when they have stopped again.
    case resume([DebugAction])
    /// The guest goes on, without a debugger.
    case detach
  }

  private static let errorReply = Array("E01".utf8)
  private static let okReply = Array("OK".utf8)

  private let target: any DebugTarget
  /// Whose registers and memory are meant.
  private var processor = 0
  private var stop: DebugStop

  init(_ target: any DebugTarget, stop: DebugStop) {
    self.target = target
    self.stop = stop
    processor = stop.processor
  }

  /// The guest has stopped: what gdb is told.
  mutating func stopped(_ stop: DebugStop) -> [UInt8] {
    self.stop = stop
    processor = stop.processor
    return stopReply
  }

  /// SIGINT when it was asked for, SIGTRAP otherwise.
  private var stopReply: [UInt8] {
    let thread = String(stop.processor + 1, radix: 16)
    switch stop.reason {
    case .asked: return Array("T02thread:\(thread);".utf8)
    case .trap: return Array("T05thread:\(thread);".utf8)
    case .watch(let breakpoint):
      let word = breakpoint.kind == .write ? "watch" : "awatch"
      let address = String(breakpoint.address, radix: 16)
      return Array("T05thread:\(thread);\(word):\(address);".utf8)
    }
  }

  mutating func answer(_ packet: [UInt8]) -> Answer {
    let rest = packet.dropFirst()
    switch packet.first.map({ UnicodeScalar($0) }) {
    case "?": return .reply(stopReply)
    case "g": return .reply(readRegisters())
    case "G": return .reply(writeRegisters(rest))
    case "p": return .reply(readRegister(rest))
    case "P": return .reply(writeRegister(rest))
    case "m": return .reply(readMemory(rest))
    case "M": return .reply(writeMemory(rest))
    case "Z": return .reply(changeBreakpoint(rest, isInserted: true))
    case "z": return .reply(changeBreakpoint(rest, isInserted: false))
    case "H": return .reply(selectProcessor(rest))
    case "T": return .reply(thread(rest) == nil ? Self.errorReply : Self.okReply)
    case "c": return resume(rest, .run)
    case "s": return resume(rest, .step)
    case "v": return answerLong(rest)
    case "q": return .reply(answerQuery(packet))
    case "D", "k": return .detach
    default: return .reply([])
    }
  }

  // MARK: Registers and memory

  private func readRegisters() -> [UInt8] {
    guard let registers = target.registers(of: processor) else { return Self.errorReply }
    return RegisterLayout.common.flatMap { RegisterLayout.digits($0, of: registers) }
  }

  /// Those that cannot be changed stay.
  private func writeRegisters(_ text: ArraySlice<UInt8>) -> [UInt8] {
    guard var registers = target.registers(of: processor) else { return Self.errorReply }
    var rest = text
    for register in RegisterLayout.common {
      guard rest.count >= register.bits / 4 else { break }
      let digits = rest.prefix(register.bits / 4)
      rest = rest.dropFirst(register.bits / 4)
      guard register.bits <= 64, let value = Hexadecimal.value(digits) else { continue }
      _ = RegisterLayout.set(register.place, to: value, in: &registers)
    }
    return target.setRegisters(registers, of: processor) ? Self.okReply : Self.errorReply
  }

  private func readRegister(_ text: ArraySlice<UInt8>) -> [UInt8] {
    guard let number = Self.index(text, below: RegisterLayout.registers.count),
      let registers = target.registers(of: processor)
    else { return Self.errorReply }
    return RegisterLayout.digits(RegisterLayout.registers[number], of: registers)
  }

  private func writeRegister(_ text: ArraySlice<UInt8>) -> [UInt8] {
    let parts = text.split(separator: UInt8(ascii: "="), omittingEmptySubsequences: false)
    guard parts.count == 2,
      let number = Self.index(parts[0], below: RegisterLayout.registers.count),
      let value = Hexadecimal.value(parts[1]), var registers = target.registers(of: processor),
      RegisterLayout.set(RegisterLayout.registers[number].place, to: value, in: &registers),
      target.setRegisters(registers, of: processor)
    else { return Self.errorReply }
    return Self.okReply
  }

  private static func index(_ text: some Collection<UInt8>, below limit: Int) -> Int? {
    guard let number = Hexadecimal.number(text), number < UInt64(limit) else { return nil }
    return Int(number)
  }

  /// `address,length`: no more than a packet holds.
  private func readMemory(_ text: ArraySlice<UInt8>) -> [UInt8] {
    guard let (address, byteCount) = Self.range(text),
      let bytes = target.read(address, byteCount: byteCount, as: processor)
    else { return Self.errorReply }
    return Hexadecimal.digits(bytes)
  }

  /// `address,length:bytes`.
  private func writeMemory(_ text: ArraySlice<UInt8>) -> [UInt8] {
    let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard parts.count == 2, let (address, byteCount) = Self.range(parts[0]),
      let bytes = Hexadecimal.bytes(parts[1]), bytes.count == byteCount,
      target.write(bytes, at: address, as: processor)
    else { return Self.errorReply }
    return Self.okReply
  }

  private static func range(_ text: ArraySlice<UInt8>) -> (address: UInt64, byteCount: Int)? {
    let parts = text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard parts.count == 2, let address = Hexadecimal.number(parts[0]),
      let byteCount = index(parts[1], below: RemotePacket.byteLimit / 2 - 4)
    else { return nil }
    return (address, byteCount)
  }

  /// `type,address,kind`.
  private func changeBreakpoint(_ text: ArraySlice<UInt8>, isInserted: Bool) -> [UInt8] {
    let parts = text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard parts.count >= 3, let type = Hexadecimal.number(parts[0]),
      let address = Hexadecimal.number(parts[1]), let size = Hexadecimal.number(parts[2])
    else { return Self.errorReply }
    // A processor cannot watch reads alone.
    guard let kind = DebugBreakpoint.Kind(rawValue: type) else { return [] }
    guard [1, 2, 4, 8].contains(size) else { return Self.errorReply }
    let breakpoint = DebugBreakpoint(kind: kind, address: address, byteCount: Int(size))
    let isDone =
      isInserted ? target.insert(breakpoint, as: processor) : target.remove(breakpoint)
    return isDone ? Self.okReply : Self.errorReply
  }

  // MARK: Processors

  /// A processor by gdb's number of its thread; nil when there is none. 0 is any of them.
  private func thread(_ text: some Collection<UInt8>) -> Int? {
    guard let number = Self.index(text, below: target.processorCount + 1) else { return nil }
    return number == 0 ? processor : number - 1
  }

  /// `g` or `c`, then a thread, or -1 for all of them.
  private mutating func selectProcessor(_ text: ArraySlice<UInt8>) -> [UInt8] {
    let name = text.dropFirst()
    if name.elementsEqual("-1".utf8) { return Self.okReply }
    guard let chosen = thread(name) else { return Self.errorReply }
    if text.first == UInt8(ascii: "g") { processor = chosen }
    return Self.okReply
  }

  /// `c` and `s`, with an address to go on at or without.
  private func resume(_ text: ArraySlice<UInt8>, _ action: DebugAction) -> Answer {
    if !text.isEmpty {
      guard let address = Hexadecimal.number(text),
        var registers = target.registers(of: processor),
        RegisterLayout.set(.general(16), to: address, in: &registers),
        target.setRegisters(registers, of: processor)
      else { return .reply(Self.errorReply) }
    }
    guard action == .step else {
      return .resume([DebugAction](repeating: .run, count: target.processorCount))
    }
    // Nobody else moves while one processor is watched step by step.
    return .resume((0..<target.processorCount).map { $0 == processor ? .step : .stay })
  }

  /// `vCont?` and `vCont;action:thread;action...`: the first action that names a processor is its.
  private func answerLong(_ text: ArraySlice<UInt8>) -> Answer {
    if text.elementsEqual("Cont?".utf8) { return .reply(Array("vCont;c;C;s;S".utf8)) }
    guard text.starts(with: "Cont;".utf8) else { return .reply([]) }
    var actions = [DebugAction?](repeating: nil, count: target.processorCount)
    for part in text.dropFirst(5).split(separator: UInt8(ascii: ";")) {
      let words = part.split(separator: UInt8(ascii: ":"), maxSplits: 1)
      let action: DebugAction
      switch words.first?.first.map({ UnicodeScalar($0) }) {
      case "c", "C": action = .run
      case "s", "S": action = .step
      default: return .reply(Self.errorReply)
      }
      if words.count == 1 || words[1].elementsEqual("-1".utf8) {
        for index in actions.indices where actions[index] == nil { actions[index] = action }
      } else {
        guard let index = thread(words[1]) else { return .reply(Self.errorReply) }
        actions[index] = actions[index] ?? action
      }
    }
    guard actions.contains(where: { $0 != nil }) else { return .reply(Self.errorReply) }
    return .resume(actions.map { $0 ?? .stay })
  }

  // MARK: Queries

  private func answerQuery(_ packet: [UInt8]) -> [UInt8] {
    let text = String(decoding: packet, as: UTF8.self)
    let description = "qXfer:features:read:target.xml:"
    if text.hasPrefix(description) { return part(of: text.dropFirst(description.count)) }
    if text.hasPrefix("qSupported") {
      let limit = String(RemotePacket.byteLimit - 4, radix: 16)
      return Array("PacketSize=\(limit);qXfer:features:read+;vContSupported+".utf8)
    }
    if text.hasPrefix("qThreadExtraInfo,") {
      guard let index = thread(packet.dropFirst(17)) else { return Self.errorReply }
      return Hexadecimal.digits(Array("core \(index)".utf8))
    }
    switch text {
    // It was there before the debugger, and stays when that goes.
    case "qAttached": return Array("1".utf8)
    case "qC": return Array("QC\(String(processor + 1, radix: 16))".utf8)
    case "qfThreadInfo":
      let threads = (1...target.processorCount).map { String($0, radix: 16) }
      return Array("m\(threads.joined(separator: ","))".utf8)
    case "qsThreadInfo": return Array("l".utf8)
    default: return []
    }
  }

  /// `offset,length` of the target description.
  private func part(of text: Substring) -> [UInt8] {
    let whole = Array(RegisterLayout.description.utf8)
    guard let (offset, byteCount) = Self.range(ArraySlice(text.utf8)) else {
      return Self.errorReply
    }
    guard offset < UInt64(whole.count) else { return Array("l".utf8) }
    let part = whole.dropFirst(Int(offset)).prefix(byteCount)
    let isLast = Int(offset) + part.count == whole.count
    return [UInt8(ascii: isLast ? "l" : "m")] + part
  }
}
