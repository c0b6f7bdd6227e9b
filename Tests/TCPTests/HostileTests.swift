import IXABI
import Packets
import Testing
import Wire

@testable import TCP

/// Nothing a peer or an application says may trap, leak, or touch another connection.
@Suite struct HostileTests {
  /// Segments with every field near or far from what the connection expects.
  @Test(arguments: 0..<40 as Range<UInt64>)
  func randomSegmentsNeverTrapOrLeak(seed: UInt64) throws {
    var configuration = Configuration()
    configuration.connectionCount = 8
    configuration.reassemblyLimit = 8
    var script = Script(configuration, initial: seed % 2 == 0 ? 1000 : .max - 20)
    var random = SeededGenerator(state: seed)
    try script.establish(options: Script.synOptions(seed % 3 == 0 ? 1 : 1000, scale: 14))
    var handle = script.handle
    for _ in 0..<4000 {
      if Int.random(in: 0..<20, using: &random) == 0 {
        _ = script.host.endpoint.send(
          handle, Fragment(address: script.host.pool.address(of: 0), byteCount: 2048),
          pool: &script.host.pool)
      }
      script.host.receive(Self.randomSegment(script, &random))
      if Int.random(in: 0..<4, using: &random) == 0 {
        for case .knock(let knocked, _) in script.host.events() {
          handle = knocked
          _ = script.host.endpoint.accept(knocked, cookie: 3)
        }
        script.host.returnEverything()
      }
      if Int.random(in: 0..<8, using: &random) == 0 {
        script.host.advance(by: .milliseconds(UInt64.random(in: 0..<50, using: &random)))
      }
      if Int.random(in: 0..<4, using: &random) == 0 { _ = script.host.output() }
    }
    for generation in 0..<4 {
      _ = script.host.endpoint.abort(handle, pool: &script.host.pool)
      _ = script.host.output()
      _ = script.host.events()
      script.host.returnEverything()
      script.host.advance(by: .seconds(100 + UInt64(generation)))
    }
    _ = script.host.output()
    #expect(script.host.endpoint.freeSegmentCount == script.host.initialSegmentCount)
    #expect(script.host.endpoint.freeElementCount == script.host.initialElementCount)
  }

  static func randomSegment(_ script: Script, _ random: inout SeededGenerator) -> TestSegment {
    let connection = script.host.endpoint.connections[script.handle.index]
    func near(_ base: UInt32) -> UInt32 {
      switch Int.random(in: 0..<6, using: &random) {
      case 0: return base
      case 1: return UInt32.random(in: 0 ... .max, using: &random)
      case 2: return base &- UInt32.random(in: 0..<3000, using: &random)
      case 3: return base &+ 0x8000_0000
      default: return base &+ UInt32.random(in: 0..<3000, using: &random)
      }
    }
    var segment = script.segment(.ack, sequence: near(connection.receive.next.rawValue))
    segment.acknowledgment = near(connection.send.unacknowledged.rawValue)
    let plain = Int.random(in: 0..<3, using: &random) > 0
    segment.flags = TCPFlags(
      rawValue: plain ? 0x10 : UInt8.random(in: 0 ... .max, using: &random) & ~0x04)
    segment.window = [0, 1, 65_535, 500].randomElement(using: &random)!
    segment.payload = [UInt8](
      repeating: 1, count: Int.random(in: 0..<1400, using: &random))
    segment.options.sackBlockCount = UInt8.random(in: 0...4, using: &random)
    for block in 0..<4 {
      segment.options.sackBlocks[block] = SACKBlock(
        start: near(connection.send.unacknowledged.rawValue),
        end: near(connection.send.next.rawValue))
    }
    return segment
  }

  @Test func aConnectionFitsIntoItsBudget() {
    #expect(MemoryLayout<Connection<SelectedControl>>.stride <= 512)
  }

  @Test func aFloodOfSYNsLeavesTheEstablishedConnectionAlone() throws {
    var configuration = Configuration()
    configuration.connectionCount = 64
    configuration.backlog = 16
    var script = Script(configuration)
    try script.establish()
    for source in 1...5000 as ClosedRange<UInt16> {
      var syn = script.segment(.syn, sequence: UInt32(source) &* 77)
      syn.flow.remotePort = source
      script.host.receive(syn)
      if source % 50 == 0 { _ = script.host.output() }
    }
    #expect(script.host.endpoint.counters.sentCookies == 5000 - 16)
    script.host.receive(script.segment(.ack | .psh, [1]))
    #expect(script.host.output().contains { $0.flow.localPort == Script.peerPort })
    script.host.advance(by: .seconds(20))
    for _ in 0..<10 { script.host.advance(by: .seconds(20)) }
    #expect(script.host.endpoint.openConnectionCount == 1)
  }

  @Test func forgedAndStaleHandlesAreRefused() throws {
    var script = Script()
    try script.establish()
    let endpoint = script.handle
    for handle in [
      Handle(rawValue: 0), Handle(rawValue: .max),
      Handle(index: endpoint.index, flowGroup: 1, generation: endpoint.generation),
      Handle(index: endpoint.index, flowGroup: 0, generation: endpoint.generation + 1),
    ] {
      #expect(script.host.endpoint.accept(handle, cookie: 0) == .staleHandle)
      #expect(script.host.endpoint.shutdown(handle) == .staleHandle)
      #expect(script.host.endpoint.abort(handle, pool: &script.host.pool) == .staleHandle)
      #expect(
        script.host.endpoint.receiveDone(
          handle, buffer: 0, byteCount: 0, pool: &script.host.pool) == .badArgument)
    }
    script.host.receive(script.segment(.ack, [1, 2]))
    guard case .received(_, _, let buffer, _, _) = try #require(script.host.events().first) else {
      throw Unexpected()
    }
    #expect(
      script.host.endpoint.receiveDone(
        endpoint, buffer: buffer, byteCount: 2, pool: &script.host.pool) == .ok)
    #expect(
      script.host.endpoint.receiveDone(
        endpoint, buffer: buffer, byteCount: 2, pool: &script.host.pool) == .badArgument)
  }
}

extension Host {
  /// Plays an application that returns every buffer it holds, also those of dead connections.
  func returnEverything() {
    for buffer in 0..<UInt32(pool.count) where pool[buffer].holder != PacketPool.none {
      let handle = Handle(
        index: pool[buffer].holder, flowGroup: 0, generation: pool[buffer].sequence)
      _ = endpoint.receiveDone(
        handle, buffer: buffer, byteCount: Int(pool[buffer].payloadByteCount), pool: &pool)
    }
  }
}
