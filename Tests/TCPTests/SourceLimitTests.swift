import IXABI
import Packets
import Testing
import Wire

@testable import TCP

/// How many connections one peer may have.
@Suite struct SourceLimitTests {
  static func script(_ limit: Int, connections: Int = 64, backlog: Int = 256) -> Script {
    var configuration = Configuration()
    configuration.connectionCount = connections
    configuration.connectionsPerSource = limit
    configuration.backlog = backlog
    let script = Script(configuration)
    _ = script.host.endpoint.listen(port: Script.port)
    return script
  }

  /// Completes a handshake from `port`; whether there was one.
  static func open(_ script: inout Script, from port: UInt16) -> Bool {
    script.flow.remotePort = port
    guard let reply = script.inject(.syn).first, reply.flags == .syn | .ack else { return false }
    script.next &+= 1
    script.acknowledged = reply.sequence &+ 1
    script.inject(.ack)
    script.next &-= 1
    for case .knock(let handle, _) in script.host.events() {
      script.handle = handle
      _ = script.host.endpoint.accept(handle, cookie: 1)
    }
    return true
  }

  @Test(arguments: [256, 0]) func onePeerGetsItsShareAndOthersTheirs(backlog: Int) {
    var script = Self.script(10, backlog: backlog)
    for port in 1...20 as ClosedRange<UInt16> { _ = Self.open(&script, from: port) }
    #expect(script.host.endpoint.openConnectionCount == 10)
    #expect(script.host.endpoint.counters.droppedSourceLimit == 10)
    script.flow.remoteAddress = IPv4Address(10, 0, 0, 77)
    #expect(Self.open(&script, from: 1))
    #expect(script.host.endpoint.openConnectionCount == 11)
  }

  @Test func withoutAChoiceAnEighthIsLeftToOthers() {
    var script = Self.script(0)
    for port in 1...80 as ClosedRange<UInt16> { _ = Self.open(&script, from: port) }
    #expect(script.host.endpoint.openConnectionCount == 56)
  }

  /// A connection that has ended, or only waits, takes no place.
  @Test func whatHasEndedGivesItsPlaceBack() {
    var script = Self.script(2)
    for round in 0..<5 as Range<UInt16> {
      #expect(Self.open(&script, from: 10 &+ round))
      let handle = script.handle
      #expect(Self.open(&script, from: 100 &+ round))
      #expect(!Self.open(&script, from: 1_000 &+ round))
      _ = script.host.endpoint.abort(script.handle, pool: &script.host.pool)
      // The other closes first, and waits.
      script.handle = handle
      _ = script.host.endpoint.close(handle, now: script.host.now, pool: &script.host.pool)
      guard let fin = script.host.output().first(where: { $0.flags.contains(.fin) }) else {
        Issue.record("no FIN")
        return
      }
      script.flow.remotePort = 10 &+ round
      script.next &+= 1
      script.inject(.ack | .fin, ack: fin.sequence &+ 1)
      script.next &-= 1
    }
    #expect(script.host.endpoint.sources.total == 0)
    #expect(script.host.endpoint.openConnectionCount == 5)
  }
}
