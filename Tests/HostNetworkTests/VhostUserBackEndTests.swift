import Drivers
import Foundation
import Glibc
import HostNetwork
import Testing
import Wire

/// The front end of vhost-user against a scripted back end.
@Suite struct VhostUserBackEndTests {
  static func activation(pairCount: Int = 1) throws -> NetworkActivation {
    let memory = try GuestMemory(byteCount: 8 << 20)
    let queues = try (0..<(2 * pairCount)).map { index in
      let start = UInt64(0x10000 * (index + 1))
      return QueueSetup(
        size: 256, descriptors: start, available: start + 0x2000, used: start + 0x4000,
        kick: try .event(), call: try .event())
    }
    let features = VirtioFeatures.networkChecksum | .indirectDescriptors | .version1
    return NetworkActivation(
      features: features | .networkAddress, memory: memory, queues: queues,
      steering: .automatic(pairCount: pairCount), report: { _ in })
  }

  static func words(_ values: UInt64...) -> [UInt8] {
    values.flatMap { ScriptedBackEnd.bytes($0) }
  }

  static func pair(_ first: UInt32, _ second: UInt32) -> [UInt8] {
    ScriptedBackEnd.bytes(first) + ScriptedBackEnd.bytes(second)
  }

  @Test func whatItOffersIsWhatTheBackEndHas() throws {
    let peer = ScriptedBackEnd()
    defer { peer.end() }
    let backEnd = try VhostUserBackEnd(path: peer.path, pairLimit: 2)
    #expect(
      backEnd.features == .networkChecksum | .networkGuestChecksum | .indirectDescriptors)
    #expect(backEnd.queuePairLimit == 2)
    #expect(peer.log(atLeast: 5).map(\.request) == [3, 1, 15, 16, 17])
    #expect(peer.log(atLeast: 5)[3].payload == Self.words(0b1001))
  }

  @Test func startingTellsEverythingInOrder() throws {
    let peer = ScriptedBackEnd()
    defer { peer.end() }
    let backEnd = try VhostUserBackEnd(path: peer.path, pairLimit: 1)
    _ = peer.log(atLeast: 5)
    peer.forget()
    let activation = try Self.activation()
    try backEnd.start(activation)
    let log = peer.log(atLeast: 14)
    #expect(log.map(\.request) == [2, 5, 8, 10, 9, 13, 12, 8, 10, 9, 13, 12, 18, 18])
    // No feature that was not offered: the address is the device's own affair.
    #expect(log[0].payload == Self.words(1 << 32 | 1 << 30 | 1 << 28 | 1))
    let memory = activation.memory
    #expect(
      log[1].payload == Self.words(1, 0, memory.byteCount, memory.hostAddress, 0))
    #expect(log[1].descriptorCount == 1)
    #expect(log[7].payload == Self.pair(1, 256))
    #expect(log[8].payload == Self.pair(1, 0))
    let host = memory.hostAddress
    #expect(
      log[9].payload == Self.words(1, host + 0x20000, host + 0x24000, host + 0x22000, 0))
    #expect(log[10].payload == Self.words(1) && log[10].descriptorCount == 1)
    #expect(log[11].payload == Self.words(1) && log[11].descriptorCount == 1)
    #expect(log[12].payload == Self.pair(0, 1) && log[13].payload == Self.pair(1, 1))
    backEnd.stop()
    let end = peer.log(atLeast: 18)[14...]
    #expect(end.map(\.request) == [18, 18, 11, 11])
    #expect(end.prefix(2).map(\.payload) == [Self.pair(0, 0), Self.pair(1, 0)])
  }

  /// The descriptors that arrive are the queues' own.
  @Test func theBackEndInterruptsTheDriver() throws {
    let peer = ScriptedBackEnd()
    defer { peer.end() }
    let backEnd = try VhostUserBackEnd(path: peer.path, pairLimit: 1)
    let activation = try Self.activation()
    try backEnd.start(activation)
    _ = peer.log(atLeast: 19)
    var one: UInt64 = 1
    let call = try #require(peer.descriptor(of: 13))
    #expect(write(call, &one, 8) == 8)
    var count: UInt64 = 0
    #expect(read(activation.queues[1].call.rawValue, &count, 8) == 8 && count == 1)
    activation.queues[1].kick.signal()
    let kick = try #require(peer.descriptor(of: 12))
    #expect(read(kick, &count, 8) == 8 && count == 1)
  }

  @Test func steeringEnablesAsManyPairs() throws {
    let peer = ScriptedBackEnd()
    defer { peer.end() }
    let backEnd = try VhostUserBackEnd(path: peer.path, pairLimit: 2)
    try backEnd.start(try Self.activation(pairCount: 2))
    let before = peer.log(atLeast: 31).count
    backEnd.steer(.automatic(pairCount: 1))
    let log = peer.log(atLeast: before + 4).suffix(4)
    #expect(log.allSatisfy { $0.request == 18 })
    #expect(
      log.map(\.payload) == [Self.pair(0, 1), Self.pair(1, 1), Self.pair(2, 0), Self.pair(3, 0)])
  }

  @Test func aBackEndThatComesBackGoesOnWhereTheQueuesAre() throws {
    let peer = ScriptedBackEnd()
    defer { peer.end() }
    let backEnd = try VhostUserBackEnd(path: peer.path, pairLimit: 1)
    let activation = try Self.activation()
    try backEnd.start(activation)
    #expect(peer.log(atLeast: 19).count == 19)
    // The transmit queue's used ring is at 17 when the back end dies.
    #expect(activation.memory.write([17, 0], at: 0x24002))
    peer.forget()
    peer.hangUp()
    let log = peer.log(atLeast: 19)
    #expect(log.map(\.request).prefix(6) == [3, 1, 15, 16, 17, 2])
    let positions = log.filter { $0.request == 10 }.map(\.payload)
    #expect(positions == [Self.pair(0, 0), Self.pair(1, 17)])
    backEnd.stop()
    #expect(peer.log(atLeast: 23).suffix(2).map(\.request) == [11, 11])
  }

  @Test func aBackEndThatIsGoneDoesNotKeepADeviceFromStopping() throws {
    let peer = ScriptedBackEnd()
    let backEnd = try VhostUserBackEnd(path: peer.path, pairLimit: 1)
    try backEnd.start(try Self.activation())
    peer.end()
    backEnd.stop()
    backEnd.stop()
  }

  @Test func nobodyThereIsSaidWithPathAndReason() {
    #expect(throws: SystemCallError("connect", on: "/tmp/ix-nobody", code: ENOENT)) {
      _ = try VhostUserBackEnd(path: "/tmp/ix-nobody", pairLimit: 1)
    }
    let long = "/" + String(repeating: "x", count: 108)
    #expect(throws: SystemCallError("connect", on: long, code: ENAMETOOLONG)) {
      _ = try VhostUserBackEnd(path: long, pairLimit: 1)
    }
  }

  static let mischief: [(UInt32, ScriptedBackEnd.Mischief, Int32)] = [
    (1, .close, ECONNRESET),
    (1, .answer(ScriptedBackEnd.answer(2, 0)), EPROTO),
    (1, .answer(bytes(1, 1, 8, 0, 0)), EPROTO),
    (1, .answer(bytes(1, 6, 8, 0, 0)), EPROTO),
    (1, .answer(bytes(1, 5, 0xFFFF_FFFF)), EPROTO),
    (1, .answer(bytes(1, 5, 4, 0)), EPROTO),
    (17, .close, ECONNRESET),
  ]

  static func bytes(_ words: UInt32...) -> [UInt8] {
    words.flatMap { ScriptedBackEnd.bytes($0) }
  }

  @Test(arguments: mischief)
  func aBackEndThatBreaksTheProtocolIsRefused(
    request: UInt32, mischief: ScriptedBackEnd.Mischief, code: Int32
  ) {
    let peer = ScriptedBackEnd(mischief: [request: mischief])
    defer { peer.end() }
    do throws(SystemCallError) {
      _ = try VhostUserBackEnd(path: peer.path, pairLimit: 1)
      Issue.record("accepted")
    } catch {
      #expect(error.code == code && error.subject == peer.path)
    }
  }

  /// It answers that it could not do what it was told.
  @Test(arguments: [2, 5, 9, 12, 18] as [UInt32])
  func aRefusalIsAnError(request: UInt32) throws {
    let refusal = ScriptedBackEnd.Mischief.answer(ScriptedBackEnd.answer(request, 1))
    let peer = ScriptedBackEnd(mischief: [request: refusal])
    defer { peer.end() }
    let backEnd = try VhostUserBackEnd(path: peer.path, pairLimit: 1)
    let activation = try Self.activation()
    #expect(throws: SystemCallError.self) { try backEnd.start(activation) }
  }

  /// It answers something else than it was asked, and stays: it is done without, and connected to again.
  @Test(arguments: [(2, 6), (11, 22)] as [(UInt32, Int)])
  func aBackEndThatIsOutOfStepIsGivenUp(request: UInt32, messageCount: Int) throws {
    let nonsense = ScriptedBackEnd.Mischief.answer(ScriptedBackEnd.answer(99, 0))
    let peer = ScriptedBackEnd(mischief: [request: nonsense])
    defer { peer.end() }
    let backEnd = try VhostUserBackEnd(path: peer.path, pairLimit: 1)
    let activation = try Self.activation()
    if request == 2 {
      #expect(throws: SystemCallError.self) { try backEnd.start(activation) }
    } else {
      try backEnd.start(activation)
    }
    backEnd.stop()
    peer.behave()
    try backEnd.start(activation)
    let log = peer.log(atLeast: messageCount + 19).map(\.request)
    #expect(log.count == messageCount + 19)
    #expect(log.dropFirst(messageCount).prefix(6) == [3, 1, 15, 16, 17, 2])
    #expect(log.suffix(2) == [18, 18])
    backEnd.stop()
  }

  @Test func aLegacyBackEndIsRefused() {
    let peer = ScriptedBackEnd(offered: 1 << 30)
    defer { peer.end() }
    #expect(throws: SystemCallError.self) {
      _ = try VhostUserBackEnd(path: peer.path, pairLimit: 1)
    }
  }
}
