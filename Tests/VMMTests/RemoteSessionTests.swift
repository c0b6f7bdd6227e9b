import Foundation
import Testing

@testable import VMM

/// A guest of two processors and 64 KiB, all of it mapped from 0x1000 on.
private final class FakeTarget: DebugTarget {
  static let start: UInt64 = 0x1000
  var memory = [UInt8](repeating: 0, count: 65_536)
  var registers = [DebugRegisters(), DebugRegisters()]
  var breakpoints: Set<DebugBreakpoint> = []
  let processorCount = 2

  func registers(of processor: Int) -> DebugRegisters? { registers[processor] }

  func setRegisters(_ registers: DebugRegisters, of processor: Int) -> Bool {
    self.registers[processor] = registers
    return true
  }

  private func range(_ address: UInt64, _ byteCount: Int) -> Range<Int>? {
    guard address >= Self.start, address - Self.start <= UInt64(memory.count - byteCount) else {
      return nil
    }
    let offset = Int(address - Self.start)
    return offset..<(offset + byteCount)
  }

  func read(_ address: UInt64, byteCount: Int, as processor: Int) -> [UInt8]? {
    range(address, byteCount).map { Array(memory[$0]) }
  }

  func write(_ bytes: [UInt8], at address: UInt64, as processor: Int) -> Bool {
    guard let range = range(address, bytes.count) else { return false }
    memory.replaceSubrange(range, with: bytes)
    return true
  }

  func insert(_ breakpoint: DebugBreakpoint, as processor: Int) -> Bool {
    breakpoints.insert(breakpoint).inserted
  }

  func remove(_ breakpoint: DebugBreakpoint) -> Bool { breakpoints.remove(breakpoint) != nil }
}

/// What our monitor says to gdb.
@Suite struct RemoteSessionTests {
  private let target = FakeTarget()
  private var session: RemoteSession

  init() { session = RemoteSession(target, stop: DebugStop(processor: 0, reason: .asked)) }

  private mutating func say(_ packet: String) -> String {
    guard case .reply(let reply) = session.answer(Array(packet.utf8)) else { return "not a reply" }
    return String(decoding: reply, as: UTF8.self)
  }

  private mutating func resume(_ packet: String) -> [DebugAction]? {
    guard case .resume(let actions) = session.answer(Array(packet.utf8)) else { return nil }
    return actions
  }

  // MARK: Framing

  private func items(_ bytes: [UInt8]) -> [RemotePacketReader.Item] {
    var reader = RemotePacketReader()
    return bytes.compactMap { reader.take($0) }
  }

  /// The example of "Debugging with GDB", appendix E.1: the sum of "OK" is 0x9a.
  @Test func aPacketIsFramed() {
    #expect(RemotePacket.framed(Array("OK".utf8)) == Array("$OK#9a".utf8))
    #expect(RemotePacket.framed([]) == Array("$#00".utf8))
  }

  @Test func whateverIsFramedIsRead() {
    let all = (0...255).map { UInt8($0) }
    #expect(items(RemotePacket.framed(all)) == [.packet(all)])
    let twice = RemotePacket.framed([1]) + Array("+".utf8) + RemotePacket.framed([2])
    #expect(items(twice) == [.packet([1]), .packet([2])])
  }

  @Test func damageAndInterruptsAreSeen() {
    #expect(items(Array("$OK#9b".utf8)) == [.damaged])
    #expect(items(Array("$OK#zz$OK#9a".utf8)) == [.damaged, .packet(Array("OK".utf8))])
    #expect(items([3]) == [.interrupt])
    // Inside a packet it is a byte like others.
    #expect(items(RemotePacket.framed([3])) == [.packet([3])])
    #expect(items(Array("+-+".utf8)).isEmpty)
    let endless = [UInt8(ascii: "$")] + [UInt8](repeating: 1, count: RemotePacket.byteLimit)
    #expect(items(endless) == [.endless])
  }

  // MARK: Registers and memory

  @Test mutating func registersAreThoseOfTheChosenProcessor() {
    target.registers[1].general[0] = 0x1122_3344_5566_7788
    target.registers[1].general[16] = 0xFFFF
    target.registers[1].selectors[0] = 0x2B
    target.registers[1].system[2] = 0x8000_0031
    #expect(say("p0") == "0000000000000000")
    #expect(say("Hg2") == "OK")
    #expect(say("p0") == "8877665544332211")
    #expect(say("p10") == "ffff000000000000")
    #expect(say("p12") == "2b000000")
    let all = say("g")
    #expect(all.hasPrefix("8877665544332211"))
    // 16 + 1 registers of 64 bits, 7 of 32, and 372 bytes of what gdb calls unavailable.
    #expect(all.utf8.count == 2 * 536)
    #expect(all.hasSuffix(String(repeating: "x", count: 2 * 372)))
    // A control register is shown; gdb cannot change it.
    let control = RegisterLayout.registers.firstIndex { $0.name == "cr0" } ?? 0
    #expect(say("p\(String(control, radix: 16))") == "3100008000000000")
    #expect(say("P\(String(control, radix: 16))=0000000000000000") == "E01")
  }

  @Test mutating func registersAreChanged() {
    #expect(say("P3=0102030405060708") == "OK")
    #expect(target.registers[0].general[3] == 0x0807_0605_0403_0201)
    let before = target.registers[0]
    #expect(say("G" + say("g")) == "OK")
    #expect(target.registers[0] == before)
    #expect(say("G" + String(repeating: "1", count: 16)) == "OK")
    #expect(target.registers[0].general[0] == 0x1111_1111_1111_1111)
    #expect(target.registers[0].general[3] == before.general[3])
  }

  @Test mutating func memoryIsReadAndWritten() {
    #expect(say("M1010,3:0aff10") == "OK")
    #expect(Array(target.memory[0x10..<0x13]) == [10, 255, 16])
    #expect(say("m100f,5") == "000aff1000")
    #expect(say("m1000,0") == "")
    #expect(say("m0,4") == "E01")
    #expect(say("mffffffffffffffff,10") == "E01")
  }

  @Test(arguments: [
    "m", "m1000", "m1000,", "m1000,x", "m1000,ffffff", "m1000,1,1", "M1000,2:00", "M1000,1:0",
    "M1000,1", "p", "pfff", "P0", "P0=", "P0=0", "P0=112233445566778899", "Z0,1000", "Z0,1000,3",
    "Z0,x,1", "z1,1000,1", "Hg3", "Hgx", "T9", "vCont;x", "vCont;", "vCont;c:9", "cxyz",
    "qThreadExtraInfo,9", "qXfer:features:read:target.xml:0",
  ])
  mutating func nonsenseIsAnErrorAndChangesNothing(packet: String) {
    let before = (target.memory, target.registers)
    #expect(say(packet) == "E01")
    #expect(target.memory == before.0 && target.registers == before.1)
    #expect(target.breakpoints.isEmpty)
  }

  @Test(arguments: [
    "", "!", "X1000,1:a", "qOffsets", "vMustReplyEmpty", "Z3,1000,4", "b", "\u{FF}",
  ])
  mutating func whatIsUnknownIsAnsweredWithNothing(packet: String) {
    #expect(say(packet) == "")
  }

  @Test mutating func breakpointsComeAndGo() {
    #expect(say("Z0,1000,1") == "OK")
    #expect(say("Z2,1008,8") == "OK")
    #expect(
      target.breakpoints == [
        DebugBreakpoint(kind: .software, address: 0x1000, byteCount: 1),
        DebugBreakpoint(kind: .write, address: 0x1008, byteCount: 8),
      ])
    #expect(say("z0,1000,1") == "OK")
    #expect(say("z2,1008,8") == "OK")
    #expect(target.breakpoints.isEmpty)
  }

  // MARK: Running

  @Test mutating func processorsRunAndStepAsTold() {
    #expect(say("vCont?") == "vCont;c;C;s;S")
    #expect(resume("vCont;c") == [.run, .run])
    #expect(resume("vCont;s:2;c") == [.run, .step])
    #expect(resume("vCont;S05:1") == [.step, .stay])
    #expect(resume("vCont;C05:-1") == [.run, .run])
    #expect(resume("c") == [.run, .run])
    #expect(resume("s") == [.step, .stay])
    #expect(resume("c1234") == [.run, .run])
    #expect(target.registers[0].general[16] == 0x1234)
    #expect(session.answer(Array("D".utf8)) == .detach)
    #expect(session.answer(Array("k".utf8)) == .detach)
  }

  @Test mutating func aStopNamesItsReasonAndItsProcessor() {
    #expect(say("?") == "T02thread:1;")
    var reply = session.stopped(DebugStop(processor: 1, reason: .trap))
    #expect(reply == Array("T05thread:2;".utf8))
    #expect(say("qC") == "QC2")
    let watch = DebugBreakpoint(kind: .write, address: 0x1008, byteCount: 8)
    reply = session.stopped(DebugStop(processor: 0, reason: .watch(watch)))
    #expect(reply == Array("T05thread:1;watch:1008;".utf8))
  }

  // MARK: Queries

  @Test mutating func processorsAreThreads() {
    #expect(say("qfThreadInfo") == "m1,2")
    #expect(say("qsThreadInfo") == "l")
    #expect(say("qThreadExtraInfo,2") == "636f72652031")
    #expect(say("T2") == "OK")
    #expect(say("qAttached") == "1")
  }

  /// gdb itself has nothing to say against the target description.
  @Test func theDescriptionIsGDBs() throws {
    let path = NSTemporaryDirectory() + "ix-\(UUID().uuidString).xml"
    try Data(RegisterLayout.description.utf8).write(to: URL(fileURLWithPath: path))
    defer { unlink(path) }
    let gdb = Process()
    gdb.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    gdb.arguments = ["gdb", "-batch", "-nx", "-ex", "set tdesc filename \(path)"]
    gdb.arguments! += ["-ex", "show architecture"]
    let pipe = Pipe()
    gdb.standardOutput = pipe
    gdb.standardError = pipe
    try gdb.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    gdb.waitUntilExit()
    #expect(output.contains("i386:x86-64"))
    #expect(!output.lowercased().contains("warning"), "\(output)")
  }

  @Test mutating func theDescriptionComesInPieces() {
    var text = ""
    while true {
      let part = say("qXfer:features:read:target.xml:\(String(text.utf8.count, radix: 16)),100")
      text += part.dropFirst()
      if part.hasPrefix("l") { break }
      #expect(part.hasPrefix("m"))
    }
    #expect(text == RegisterLayout.description)
    #expect(say("qXfer:features:read:target.xml:ffffff,100") == "l")
  }
}
