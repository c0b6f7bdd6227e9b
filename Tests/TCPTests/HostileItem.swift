import Packets
import Testing
import Wire

@testable import TCP

/// One thing that a peer must not do, and the counter under which it is dropped; nil where it is no
/// drop but must be harmless all the same.
struct HostileItem: CustomTestStringConvertible, Sendable {
  let name: String
  nonisolated(unsafe) let counter: KeyPath<TCPCounters, UInt64>?
  let attack: @Sendable (inout Script) -> Void

  init(
    _ name: String, _ counter: KeyPath<TCPCounters, UInt64>?,
    _ attack: @escaping @Sendable (inout Script) -> Void
  ) {
    self.name = name
    self.counter = counter
    self.attack = attack
  }

  var testDescription: String { name }
}

extension HostileItem {
  /// Flags and numbers in the header.
  static let header: [HostileItem] = [
    HostileItem("no flags", \.droppedNoAcknowledgment) { $0.inject(.none) },
    HostileItem("all flags (Xmas)", \.droppedBadReset) {
      $0.inject(TCPFlags(rawValue: 0xFF), sequence: $0.next &+ 1)
    },
    HostileItem("SYN and FIN to a listener", \.droppedMalformed) {
      $0.flow.remotePort = 9
      $0.inject(.syn | .fin)
    },
    HostileItem("SYN and RST to a listener", \.droppedNoConnection) {
      $0.flow.remotePort = 9
      $0.inject(.syn | .rst)
    },
    HostileItem("FIN without ACK", \.droppedNoAcknowledgment) { $0.inject(.fin) },
    HostileItem("source port 0", \.droppedMalformed) {
      $0.flow.remotePort = 0
      $0.inject(.syn)
    },
    HostileItem("ACK in LISTEN", \.droppedNoConnection) {
      $0.flow.remotePort = 9
      $0.inject(.ack, ack: 5)
    },
    HostileItem("urgent data", nil) {
      $0.inject(.ack | .urg, [1])
      $0.next &+= 1
    },
  ]

  /// Segments that do not fit the connection's state.
  static let states: [HostileItem] = [
    HostileItem("SYN in ESTABLISHED, in the window", \.droppedUnexpectedSYN) {
      $0.inject(.syn, sequence: $0.next &+ 9)
    },
    HostileItem("SYN in ESTABLISHED, outside", \.droppedOutOfWindow) {
      $0.inject(.syn, sequence: $0.next &- 90_000)
    },
    HostileItem("ACK of unsent data", \.droppedBadAcknowledgment) {
      $0.inject(.ack, ack: $0.acknowledged &+ 1)
    },
    HostileItem("ACK far below SND.UNA", \.droppedBadAcknowledgment) {
      $0.inject(.ack, ack: $0.acknowledged &- 1_000_000)
    },
    HostileItem("RST in the window", \.droppedBadReset) {
      $0.inject(.rst, sequence: $0.next &+ 1)
    },
    HostileItem("RST outside", \.droppedOutOfWindow) {
      $0.inject(.rst, sequence: $0.next &- 1)
    },
    HostileItem("data outside the window", \.droppedOutOfWindow) {
      $0.inject(.ack, [1], sequence: $0.next &+ 1_000_000)
    },
    HostileItem("the same data again", \.droppedOutOfWindow) {
      $0.inject(.ack, [1])
      $0.next &+= 1
      $0.inject(.ack, [1], sequence: $0.next &- 1)
    },
    HostileItem("an old duplicate SYN-ACK", \.droppedOutOfWindow) {
      $0.inject(.syn | .ack, sequence: $0.next &- 1)
    },
    HostileItem("a keep-alive with a garbage byte", \.droppedOutOfWindow) {
      $0.inject(.ack, [0], sequence: $0.next &- 1)
    },
    HostileItem("FIN out of order, then data behind it", nil) {
      $0.inject(.fin | .ack, sequence: $0.next &+ 3)
      $0.inject(.ack, [1, 2, 3, 4, 5, 6])
      $0.inject(.ack, [9], sequence: $0.next &+ 4)
    },
  ]

  /// Options where they do not belong, or with values nobody sends.
  static let options: [HostileItem] = [
    HostileItem("SACK-permitted, MSS and window scale outside a SYN", nil) {
      var options = Script.synOptions(1, scale: 14)
      options.isSACKPermitted = true
      $0.inject(.ack, options: options)
    },
    HostileItem("a timestamp that was never agreed on", nil) {
      var options = TCPOptions()
      options.hasTimestamps = true
      options.timestampEcho = .max
      $0.inject(.ack, [1], options: options)
    },
    HostileItem("SACK blocks without SACK", nil) {
      $0.inject(.ack, options: blocks($0.acknowledged, $0.acknowledged &+ 100))
    },
    HostileItem("MSS of 0", nil) { openAnother(&$0, Script.synOptions(0)) },
    HostileItem("MSS of 1", nil) { openAnother(&$0, Script.synOptions(1)) },
    HostileItem("MSS of 47", nil) { openAnother(&$0, Script.synOptions(47)) },
    HostileItem("MSS of 65535", nil) { openAnother(&$0, Script.synOptions(65_535)) },
    HostileItem("SACK left behind right", nil) { sack(&$0) { blocks($0 &+ 200, $0 &+ 100) } },
    HostileItem("SACK above SND.NXT", nil) { sack(&$0) { blocks($0, $0 &+ 1_000_000) } },
    HostileItem("SACK below SND.UNA", nil) { sack(&$0) { blocks($0 &- 900, $0 &- 100) } },
    HostileItem("four SACK blocks that overlap", nil) {
      sack(&$0) { first in
        var options = TCPOptions()
        options.sackBlockCount = 4
        for index in 0..<4 as Range<UInt32> {
          options.sackBlocks[Int(index)] = SACKBlock(
            start: first &+ 10 &* index &+ 1, end: first &+ 900 &- index)
        }
        return options
      }
    },
  ]

  private static func blocks(_ start: UInt32, _ end: UInt32) -> TCPOptions {
    var options = TCPOptions()
    options.sackBlockCount = 1
    options.sackBlocks[0] = SACKBlock(start: start, end: end)
    return options
  }

  /// A connection that agreed on SACK has data in flight; blocks made of its first number arrive.
  private static func sack(_ script: inout Script, _ options: (UInt32) -> TCPOptions) {
    var syn = Script.synOptions()
    syn.isSACKPermitted = true
    openAnother(&script, syn)
    _ = script.send([UInt8](repeating: 1, count: 3_000))
    _ = script.host.output()
    let first = script.acknowledged
    for _ in 0..<4 { script.inject(.ack, options: options(first)) }
    script.host.advance(by: .milliseconds(50))
    let sent = script.host.output().map(\.payload.count).reduce(0, +)
    #expect(sent > 0, "what was in flight is still sent again")
  }

  /// Opens a second connection of the attacker and sends on it.
  private static func openAnother(_ script: inout Script, _ options: TCPOptions) {
    script.flow.remotePort = 9
    guard let reply = script.inject(.syn, options: options).first else { return }
    script.next &+= 1
    script.acknowledged = reply.sequence &+ 1
    script.inject(.ack)
    for case .knock(let handle, _) in script.host.events() {
      script.handle = handle
      _ = script.host.endpoint.accept(handle, cookie: 3)
    }
    _ = script.send([UInt8](repeating: 1, count: 10_000))
    let longest = script.host.output().map(\.payload.count).max() ?? 0
    #expect((216...1460).contains(longest), "\(longest) bytes in a segment")
    script.acknowledged &+= 10_000
    script.inject(.ack)
  }

  /// Much of the same.
  static let load: [HostileItem] = [
    HostileItem("every second byte (SegmentSmack)", \.droppedReassembly) {
      for index in 0..<5_000 as Range<UInt32> {
        $0.inject(.ack, [1], sequence: $0.next &+ 2 &+ 2 &* index)
      }
    },
    HostileItem("ACK flood", \.droppedNoConnection) {
      for port in 1...5_000 as ClosedRange<UInt16> {
        $0.flow.remotePort = port
        $0.inject(.ack, ack: UInt32(port) &* 7919)
      }
    },
    HostileItem("SYN flood", \.sentCookies) {
      for port in 1...5_000 as ClosedRange<UInt16> {
        $0.flow.remotePort = port
        $0.inject(.syn)
      }
    },
    HostileItem("duplicate-ACK storm", \.duplicateAcknowledgments) {
      _ = $0.send([1, 2, 3])
      _ = $0.host.output()
      for _ in 0..<70_000 { $0.host.receive($0.segment(.ack)) }
    },
    HostileItem("challenge storm", \.challengesSuppressed) {
      for _ in 0..<1_000 { $0.inject(.syn, sequence: $0.next &+ 9) }
    },
    HostileItem("one-byte window dance", nil) {
      _ = $0.send([UInt8](repeating: 1, count: 3_000))
      for index in 0..<1_000 as Range<UInt16> { $0.inject(.ack, window: index & 1) }
    },
    HostileItem("a sender of one byte a second", nil) {
      for _ in 0..<300 {
        $0.inject(.ack, [1])
        $0.next &+= 1
        $0.host.advance(by: .seconds(1))
      }
    },
    HostileItem("one peer that opens all it can", \.droppedSourceLimit) {
      for port in 1...2_000 as ClosedRange<UInt16> {
        $0.flow.remotePort = port
        guard let reply = $0.inject(.syn).first else { continue }
        $0.inject(.ack, sequence: $0.next &+ 1, ack: reply.sequence &+ 1)
        for case .knock(let handle, _) in $0.host.events() {
          _ = $0.host.endpoint.accept(handle, cookie: 3)
        }
      }
    },
    HostileItem("a peer that came back after a reboot", \.droppedUnexpectedSYN) {
      // RFC 9293, section 3.5.1: its RST, in answer to our ACK, ends the old connection.
      let replies = $0.inject(.syn, sequence: $0.next &+ 400)
      #expect(replies.map(\.flags) == [.ack])
      $0.inject(.rst, sequence: replies.first?.acknowledgment)
      #expect($0.host.endpoint.openConnectionCount == 1)
    },
    HostileItem("data and a FIN behind a FIN", \.droppedBehindFIN) {
      $0.inject(.fin | .ack)
      $0.inject(.ack, [1, 2, 3], sequence: $0.next)
      $0.inject(.fin | .ack, [1], sequence: $0.next &+ 1)
    },
    HostileItem("congestion marks and echoes that were never agreed on", nil) {
      var segment = $0.segment(.ack | .ece | .cwr, [1])
      segment.isMarked = true
      $0.host.receive(segment)
      #expect($0.host.output().map(\.flags) == [.ack])
    },
    HostileItem("a reader who never reads", \.droppedOutOfWindow) {
      for _ in 0..<2_000 {
        $0.inject(.ack, [UInt8](repeating: 1, count: 1_000))
        $0.next &+= 1_000
      }
    },
  ]
}

/// hostile-inputs: each item is dropped under its own counter, and an unrelated connection is as it
/// was.
@Suite struct HostileItemTests {
  @Test(
    arguments: [HostileItem.header, HostileItem.states, HostileItem.options, HostileItem.load]
      .flatMap { $0 })
  func anUnrelatedConnectionIsUndisturbed(item: HostileItem) throws {
    var witness = Script()
    try witness.establish()
    var attacker = witness
    attacker.flow.remoteAddress = IPv4Address(10, 0, 0, 66)
    attacker.next = .max &- 5
    _ = attacker.host.events()
    try attacker.establish()
    let before = witness.host.endpoint.counters
    item.attack(&attacker)
    if let counter = item.counter {
      #expect(witness.host.endpoint.counters[keyPath: counter] > before[keyPath: counter])
    }
    _ = witness.host.output()

    witness.host.receive(witness.segment(.ack | .psh, [7, 8]))
    let reply = witness.host.output().filter { $0.flow.remoteAddress == Script.here }
    #expect(reply.contains { $0.acknowledgment == witness.next &+ 2 })
    var bytes: [UInt8] = []
    for case .received(witness.handle, 99, let buffer, let offset, let count)
      in witness.host.events()
    {
      bytes += witness.host.bytes(of: buffer, offset, count)
    }
    #expect(bytes == [7, 8])
    #expect(witness.send([5]) == .taken(1))
    #expect(witness.host.output().contains { $0.payload == [5] })
  }
}
