import Packets
import Testing

@testable import Drivers

/// A device that does anything at all to the memory it shares: the driver never traps, never leaves
/// its memory, and every buffer is accounted for.
@Suite struct VirtioNetworkFuzzTests {
  /// xorshift64*: the same sequence on every machine.
  struct Random {
    var state: UInt64
    mutating func next() -> UInt64 {
      state ^= state >> 12
      state ^= state << 25
      state ^= state >> 27
      return state &* 0x2545_F491_4F6C_DD1D
    }
    mutating func below(_ bound: UInt64) -> UInt64 { next() % bound }
  }

  /// What the test holds: buffers received and not given back.
  private struct Stack {
    var held: [UInt32] = []
    /// The device has overwritten the driver's areas and cannot follow them any more.
    var isDeviceLost = false
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func aDeviceThatWritesGarbageHarmsNobody(seed: UInt64) throws {
    var random = Random(state: seed &* 0x9E37_79B9_7F4A_7C15)
    var lives = 0
    var steps = 0
    while steps < 15_000 {
      lives += 1
      // Every other life with segments in several buffers, and half of each kind with hashes.
      let merging: UInt64 = lives % 2 == 0 ? 1 << 7 : 0
      let hashing: UInt64 = lives % 4 < 2 ? 1 << 17 | 1 << 57 : 0
      var rig = try NetworkRig(
        FakeVirtioDevice(offered: FakeVirtioDevice.defaultFeatures | merging | hashing),
        bufferCount: 300, queueSize: 64)
      var stack = Stack()
      var stepsOfLife = 0
      while stepsOfLife < 600 {
        stepsOfLife += 1
        Self.drive(&rig, &stack, &random)
        // Rarely at first, so that the driver lives long enough to have something to lose.
        let harm: UInt64 = stepsOfLife > 200 ? 3 : 60
        if random.below(harm) == 0 || stack.isDeviceLost {
          Self.misbehave(rig.model, &stack, &random)
        } else {
          Self.behave(rig.model, &random)
        }
      }
      steps += stepsOfLife
      for buffer in stack.held { rig.pool.release(PacketBuffer(adopting: buffer)) }
      let isDown = rig.network.shutDown(&rig.pool)
      let free = rig.pool.freeCount
      #expect(isDown && free == 300, "seed \(seed), life \(lives)")
    }
  }

  /// One thing a driver's user does.
  private static func drive(
    _ rig: inout NetworkRig, _ stack: inout Stack, _ random: inout Random
  ) {
    switch random.below(6) {
    case 0: rig.refill()
    case 1:
      guard let frame = rig.network.receive(&rig.pool) else { return }
      precondition(frame.offset >= 12 && frame.byteCount >= 14)
      precondition(frame.offset + frame.byteCount <= PacketPool.bufferByteCount)
      let offset = frame.offset
      let buffer = frame.takeBuffer().relinquish()
      _ = rig.network.flowHash(ofFrameAt: offset, in: buffer, pool: rig.pool)
      stack.held.append(buffer)
    case 2:
      guard let buffer = stack.held.popLast() else { return }
      let fragments = (0..<Int(random.below(6))).map { _ in
        Fragment(address: rig.pool.address(of: buffer), byteCount: Int(random.below(1_500)))
      }
      _ = rig.transmit(header: [1, 2, 3], fragments: fragments) { $0.retained = buffer }
    case 3: rig.network.ringDoorbell()
    case 4: rig.network.reclaim(&rig.pool)
    default:
      _ = rig.network.armInterrupt()
      rig.network.checkForLostNotification(now: Instant(nanoseconds: random.below(1 << 40)))
      if let buffer = stack.held.popLast() {
        rig.pool.release(PacketBuffer(adopting: buffer))
      }
    }
  }

  /// One thing a device should do, with headers and sizes that are sometimes wrong.
  private static func behave(_ model: FakeVirtioDevice, _ random: inout Random) {
    guard random.below(2) == 0 else {
      guard let chain = model.takeChain(1) else { return }
      model.putUsed(1, identifier: UInt32(chain.head), byteCount: UInt32(random.below(3)))
      return
    }
    let garbage = (0..<12).map { _ in UInt8(truncatingIfNeeded: random.next() & random.next()) }
    let merged: [UInt8] = [1, 1, 66, 0, 0xB4, 5, 34, 0, 16, 0, UInt8(random.below(40)), 0]
    let headers: [[UInt8]] = [garbage, merged, .init(repeating: 0, count: 12)]
    // Headers that can be cut, then one byte of them changed; or text alone.
    var bytes = SegmentCutterTests.frame(.init(repeating: 1, count: Int(random.below(1_900))))
    bytes[Int(random.below(66))] = UInt8(truncatingIfNeeded: random.next())
    let isText = random.below(2) == 0
    model.deliver(
      isText ? Array(bytes.dropFirst(66)) : Array(bytes.prefix(1_900)),
      header: headers[Int(random.below(3))]
        + (model.accepted & 1 << 57 == 0 ? [] : (0..<8).map { _ in UInt8(random.below(5)) }))
  }

  /// One thing a device must not do.
  private static func misbehave(
    _ model: FakeVirtioDevice, _ stack: inout Stack, _ random: inout Random
  ) {
    let queue = Int(random.below(2))
    let state = model.queues[queue]
    switch random.below(6) {
    case 0: model.forgeUsedIndex(queue, UInt16(truncatingIfNeeded: random.next()))
    case 1: model.forgeUsedIndex(queue, state.put &+ UInt16(random.below(4)))
    case 2:
      model.putUsed(
        queue, identifier: UInt32(random.below(70)), byteCount: UInt32(random.below(2_100)))
    case 3:
      model.putUsed(
        queue, identifier: UInt32(truncatingIfNeeded: random.next()),
        byteCount: UInt32(truncatingIfNeeded: random.next()))
    case 4: scribble(state.used, byteCount: 6 + 8 * state.size, &random)
    default:
      scribble(state.descriptors, byteCount: 16 * state.size, &random)
      scribble(state.available, byteCount: 6 + 2 * state.size, &random)
      stack.isDeviceLost = true
    }
  }

  private static func scribble(_ start: UInt64, byteCount: Int, _ random: inout Random) {
    for _ in 0..<16 {
      store(UInt8(truncatingIfNeeded: random.next()), at: start + random.below(UInt64(byteCount)))
    }
  }
}
