import HostNetwork
import KVM
import Testing

@testable import VMM

@Suite struct BoardTests {
  @Test func theConsoleIsPassedOnLineByLine() throws {
    let rig = try Rig()
    for byte in "ix: hello\nrest".utf8 { _ = rig.port(0x3F8, 1, UInt64(byte)) }
    #expect(rig.output.withLock { $0 } == Array("ix: hello\n".utf8))
    rig.board.flush()
    #expect(rig.output.withLock { $0 } == Array("ix: hello\nrest".utf8))
    #expect(rig.port(0x3FD, 1) == 0x60)
  }

  @Test func theDivisorIsNoOutput() throws {
    let rig = try Rig()
    _ = rig.port(0x3FB, 1, 0x80)
    _ = rig.port(0x3F8, 1, 10)
    _ = rig.port(0x3FB, 1, 0x03)
    rig.board.flush()
    #expect(rig.output.withLock { $0 }.isEmpty)
  }

  @Test(arguments: [(0x10, 33), (0x11, 35), (0x12, 37), (0x13, 39)] as [(UInt64, Int32)])
  func theExitPortEndsTheGuestAsUnderQEMU(value: UInt64, status: Int32) throws {
    let rig = try Rig()
    _ = rig.port(0xF4, 2, value)
    #expect(rig.board.end == nil)
    _ = rig.port(0xF4, 4, value)
    #expect(rig.board.end?.status == status)
  }

  @Test func aResetIsAnEndWithoutStatus() throws {
    let rig = try Rig()
    _ = rig.port(0x64, 1, 0xFE)
    #expect(rig.board.end == .reset)
  }

  @Test func atPortsWhereNothingIsEveryBitReadsAsOne() throws {
    let rig = try Rig()
    #expect(rig.port(0x20, 1) == .max)
    #expect(rig.board.end == nil)
  }

  @Test(arguments: [true, false])
  func memoryWhereNothingIsEndsTheGuest(isWrite: Bool) throws {
    let rig = try Rig()
    if isWrite { rig.write(0xDEAD_0000, 4, 1) } else { _ = rig.read(0xDEAD_0000, 4) }
    #expect(rig.board.end == .fault)
    #expect(rig.board.end?.status == 37)
  }

  /// Accesses of any place, width and value, most of them near something: no trap, no hang.
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func noAccessHurtsTheBoard(seed: UInt64) throws {
    var state = seed
    func random() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var value = state
      value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
      return value ^ value >> 31
    }
    let rig = try Rig(pairs: 2)
    for _ in 0..<2_000 {
      rig.store(random() & random(), at: 0x10000 + (random() & 0x4FFF8))
    }
    for step in 0..<60_000 {
      if step % 500 == 0 {
        let base = step % 1000 == 0 ? Rig.networkBase : Rig.entropyBase
        rig.setConfiguration(1, 0x10, Rig.networkBase)
        rig.setConfiguration(2, 0x10, Rig.entropyBase)
        for device in 1...2 { rig.setConfiguration(device, 0x04, 0x0406, byteCount: 2) }
        rig.negotiate(step % 2000 == 0 ? .version1 : NetworkDeviceTests.features, at: base)
        for queue in 0..<5 as Range<UInt64> { rig.setUpQueue(queue, at: base) }
        rig.start(at: base)
      }
      let byteCount = [1, 2, 4, 8][Int(random() & 3)]
      let isWrite = random() & 3 != 0
      let spaces: [(KVMAccess.Space, UInt64)] = [
        (.memory, Rig.networkBase + random() & 0x7FFF),
        (.memory, Rig.networkBase + random() & 0x3F),
        (.memory, Rig.entropyBase + 0x3000 + random() & 0x1F),
        (.memory, Rig.networkBase + 0x3000 + random() & 0x1F),
        (.port, 0xCF8 + random() & 7), (.port, random() & 0xFFFF), (.memory, random()),
      ]
      let (space, address) = spaces[Int(random() % UInt64(spaces.count))]
      let value = random() & 1 == 0 ? random() : random() & 0xF
      _ = rig.board.access(
        KVMAccess(
          space: space, address: address, byteCount: byteCount, isWrite: isWrite, value: value))
    }
  }
}
