import IXABI
import Packets
import Testing

@testable import TCP

/// Sends a stream from application memory, receives one, and closes when both are complete.
final class StreamApplication {
  let host: Host
  let outgoing: [UInt8]
  private let memory: UnsafeMutableRawBufferPointer
  var handle: Handle?
  private(set) var offered = 0
  private(set) var acknowledged = 0
  var received: [UInt8] = []
  private(set) var isPeerClosed = false
  private(set) var reason: Reason?
  private(set) var isShut = false
  /// Returns buffers late, a few at a time.
  var readsSlowly = false
  private var held: [(UInt32, Int)] = []

  init(_ host: Host, sending outgoing: [UInt8]) {
    self.host = host
    self.outgoing = outgoing
    memory = .allocate(byteCount: max(1, outgoing.count), alignment: 8)
    memory.copyBytes(from: outgoing)
  }
  deinit { memory.deallocate() }

  func handle(_ events: [Event]) {
    for event in events {
      switch event {
      case .knock(let handle, _):
        self.handle = handle
        #expect(host.endpoint.accept(handle, cookie: 1) == .ok)
      case .connected(_, _, let reason): if reason != .none { self.reason = reason }
      case .received(_, _, let buffer, let offset, let byteCount):
        received += host.bytes(of: buffer, offset, byteCount)
        held.append((buffer, byteCount))
      case .sent(_, _, let byteCount, _):
        // Given back: whatever is written there now must never reach the peer.
        let free = UnsafeMutableRawBufferPointer(
          rebasing: memory[acknowledged..<(acknowledged + byteCount)])
        free.initializeMemory(as: UInt8.self, repeating: 0xEE)
        acknowledged += byteCount
      case .peerClosed: isPeerClosed = true
      case .dead(_, _, let reason): self.reason = reason
      }
    }
    giveBack()
    offer()
  }

  private func giveBack() {
    guard let handle else { return }
    let count = readsSlowly ? min(1, held.count) : held.count
    for (buffer, byteCount) in held.prefix(count) {
      #expect(
        host.endpoint.receiveDone(handle, buffer: buffer, byteCount: byteCount, pool: &host.pool)
          == .ok)
    }
    held.removeFirst(count)
  }

  private func offer() {
    guard let handle, reason == nil, !isShut else { return }
    while offered < outgoing.count {
      // Uneven pieces, so that elements and segments never line up.
      let piece = min(outgoing.count - offered, 1 + (offered * 7919) % 9000)
      let start = UnsafeRawPointer(memory.baseAddress! + offered)
      let outcome = host.endpoint.send(
        handle, Fragment(address: KernelAddress(of: start), byteCount: piece), pool: &host.pool)
      guard case .taken(let count) = outcome, count > 0 else { return }
      offered += count
    }
    if host.endpoint.shutdown(handle) == .ok { isShut = true }
  }
}
