import Packets
import Testing
import Wire

@testable import Network

/// Hostile input at random: whatever arrives, nothing traps and every buffer comes back.
@Suite struct MutationTests {
  static let seeds: [[UInt8]] =
    [
      Frames.arp(1, from: Bench.peer, at: Bench.peerHardware),
      Frames.arp(2, from: Bench.peer, at: Bench.peerHardware),
      Frames.echoRequest(payload: DatagramTests.payload(64)),
      Frames.packet(Frames.ipv4(17, Frames.udp(DatagramTests.payload(40)))),
      Frames.packet(Frames.ipv4(17, Frames.udp(DatagramTests.payload(40), to: 9))),
      Frames.packet(Frames.ipv4(6, Frames.tcp(flags: 2, dataOffset: 6, options: [2, 4, 5, 0xB4]))),
      Frames.packet(Frames.ipv4(6, Frames.tcp(flags: 0x18, DatagramTests.payload(100)))),
      Frames.packet(Frames.ipv4(1, Frames.icmp(3, 4, [0, 0, 5, 0] + quoted))),
      Frames.packet(Frames.ipv4(6, Frames.tcp(), options: [7, 7, 4, 0, 0, 0, 0, 0])),
      Frames.packet(Frames.ipv4(17, Frames.udp(DatagramTests.payload(40)), fragment: 0x2000)),
      Frames.packet(Frames.ipv4(17, DatagramTests.payload(40), fragment: 0x0006)),
    ]
  static var quoted: [UInt8] {
    Frames.ipv4(6, Frames.tcp(), to: Bench.peer, from: Bench.address)
  }

  /// Bits, bytes, lengths and ends changed; headers often with a right checksum again, so that
  /// the damage gets past it.
  static func mutated(with random: inout SplitMix) -> [UInt8] {
    var bytes = seeds[Int.random(in: 0..<seeds.count, using: &random)]
    for _ in 0..<Int.random(in: 0...4, using: &random) {
      let index = Int.random(in: 0..<min(bytes.count, 64), using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes[index] = UInt8.random(in: 0...255, using: &random)
      case 2: bytes[index] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
      default: bytes[min(16 + index % 4, bytes.count - 1)] = UInt8(truncatingIfNeeded: index)
      }
    }
    if Int.random(in: 0..<8, using: &random) == 0 {
      bytes = Array(bytes.prefix(Int.random(in: 1...bytes.count, using: &random)))
    }
    if Int.random(in: 0..<8, using: &random) == 0 {
      bytes += [UInt8](repeating: 0, count: Int.random(in: 1...600, using: &random))
    }
    return Bool.random(using: &random) ? sealed(bytes) : bytes
  }

  static func sealed(_ frame: [UInt8]) -> [UInt8] {
    var frame = frame
    guard frame.count >= 34, frame[12] == 8, frame[13] == 0 else { return frame }
    let end = min(14 + max(Int(frame[14] & 15) * 4, 20), frame.count)
    (frame[24], frame[25]) = (0, 0)
    frame.replaceSubrange(
      24..<26, with: Frames.bigEndian(Frames.checksum(Array(frame[14..<end]))))
    return frame
  }

  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func tenThousandMutatedFramesNeitherTrapNorLeak(seed: UInt64) {
    var random = SplitMix(seed: seed)
    var bench = Bench()
    _ = bench.stack.bind(7)
    bench.device.isChecksumVerified = seed.isMultiple(of: 2)
    for index in 0..<10_000 {
      bench.receive(Self.mutated(with: &random))
      if index.isMultiple(of: 8) {
        bench.cycle(after: .milliseconds(1))
        bench.returnAllDatagrams()
        bench.events.roomCount = Int.random(in: 0...4, using: &random)
        _ = bench.sent()
      }
    }
    bench.events.roomCount = 1000
    bench.cycle()
    bench.returnAllDatagrams()
    bench.cycle(after: .seconds(100))
    let free = bench.pool.freeCount
    #expect(free == Bench.bufferCount)
    let (received, dropped) = (bench.stack.counters.receivedFrames, bench.stack.counters.dropped)
    #expect(received == 10_000)
    #expect(dropped > 1000 && dropped < 10_000)
    let answersPing = bench.answersPing()
    #expect(answersPing)
  }
}
