import Foundation
import Testing

@testable import KeyValue

/// Damaged requests from seeds: nothing traps, memory stays bounded, the store stays consistent.
@Suite struct FuzzTests {
  /// Requests; `KEYVALUE_FUZZ` asks for more.
  private static let count =
    ProcessInfo.processInfo.environment["KEYVALUE_FUZZ"].flatMap { Int($0) } ?? 40_000

  private static let corpus = ["text", "meta", "binary", "deviations"].flatMap(Transcript.all)
    .map(\.request).filter { $0.count < 3000 }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func damagedRequestsAreHarmless(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var settings = Settings(memoryLimit: 3 << 20)
    settings.connectionLimit = 8
    settings.evicts = seed != 4
    var peer = Peer(settings)
    peer.returnsLoans = false
    for number in 1..<8 as Range<UInt32> { _ = peer.server.connected(number) }
    for round in 0..<(Self.count / 4) {
      let number = UInt32.random(in: 0..<8, using: &random)
      peer.room = Int.random(in: 1...100_000, using: &random)
      _ = peer.send(Self.request(&random), on: number)
      if peer.isClosed || Int.random(in: 0..<50, using: &random) == 0 {
        peer.server.ended(number)
        peer.isClosed = false
        let isAccepted = peer.server.connected(number)
        #expect(isAccepted)
      }
      if peer.loans.count > 20 { peer.returnLoans() }
      if round % 1000 == 0 { advance(&peer, &random) }
    }
    peer.returnLoans()
    for number in 0..<8 as Range<UInt32> { peer.server.ended(number) }
    let (held, blocks) = (peer.server.store.heldChunkCount(), peer.server.blocks.usedCount)
    let fault = peer.server.store.inconsistency()
    #expect(held == 0 && blocks == 0 && fault == nil)
  }

  private func advance(_ peer: inout Peer, _ random: inout SeededGenerator) {
    peer.server.advance(to: peer.server.store.clock + UInt32.random(in: 0..<30, using: &random))
    let fault = peer.server.store.inconsistency()
    #expect(fault == nil)
  }

  /// A valid conversation with some bytes changed, added, dropped or repeated; or noise; or values
  /// of all sizes.
  private static func request(_ random: inout SeededGenerator) -> [UInt8] {
    switch Int.random(in: 0..<10, using: &random) {
    case 0: return noise(&random)
    case 1...3: return values(&random)
    default: break
    }
    var bytes = corpus.randomElement(using: &random)!
    for _ in 0..<Int.random(in: 0..<6, using: &random) {
      let place = Int.random(in: 0...bytes.count, using: &random)
      let end = min(bytes.count, place + Int.random(in: 0..<20, using: &random))
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes.insert(.random(in: 0...255, using: &random), at: place)
      case 1: bytes.removeSubrange(place..<end)
      case 2: bytes.insert(contentsOf: bytes[place..<end], at: place)
      default: if place < bytes.count { bytes[place] ^= .random(in: 1...255, using: &random) }
      }
    }
    return bytes
  }

  private static func noise(_ random: inout SeededGenerator) -> [UInt8] {
    let alphabet = Array("gsmad te\r\n 019-k\u{1}".utf8) + [0x80]
    return (0..<Int.random(in: 1..<300, using: &random)).map { _ in
      alphabet.randomElement(using: &random)!
    }
  }

  private static func values(_ random: inout SeededGenerator) -> [UInt8] {
    let key = "k\(Int.random(in: 0..<200, using: &random))"
    let size = Int.random(in: 0..<(1 << Int.random(in: 1..<17, using: &random)), using: &random)
    let verb = ["set", "append", "prepend", "add", "replace"].randomElement(using: &random)!
    let time = Int.random(in: -1..<60, using: &random)
    let line = "get \(key) \(key)\r\n\(verb) \(key) 0 \(time) \(size)\r\n"
    return Array(line.utf8) + [UInt8](repeating: 65, count: size) + [13, 10]
  }
}
