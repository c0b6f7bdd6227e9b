import Foundation
import IXABI
import Packets
import Testing
import Wire

@testable import TCP

/// Connections that come and go, until nothing but a leak could still be there. `IX_SOAK_CYCLES` says
/// how many; a million take some minutes.
@Suite struct SoakTests {
  private static let cycleCount =
    ProcessInfo.processInfo.environment["IX_SOAK_CYCLES"].flatMap { Int($0) } ?? 10_000

  private let client: Host
  private let server: Host
  private let port: UInt16 = 7
  private let message = KernelAddress(Self.rawBytes)

  private static let rawBytes: UInt64 = {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 8)
    for index in bytes.indices { bytes[index] = UInt8(index) }
    return UInt64(UInt(bitPattern: bytes.baseAddress!))
  }()

  init() {
    client = Host(secret: 3)
    server = Host(secret: 4)
    _ = server.endpoint.listen(port: port)
  }

  /// Carries segments to and fro until both are silent, the server echoing what it gets and closing
  /// after its peer. Returns the bytes that came back.
  private func settle() -> Int {
    var returned = 0
    while true {
      let segments = client.output()
      for segment in segments { server.receive(segment) }
      for event in server.events() { serve(event) }
      let answers = server.output()
      for segment in answers { client.receive(segment) }
      for event in client.events() {
        guard case .received(let handle, _, let buffer, _, let byteCount) = event else { continue }
        returned += byteCount
        _ = client.endpoint.receiveDone(
          handle, buffer: buffer, byteCount: byteCount, pool: &client.pool)
      }
      guard !segments.isEmpty || !answers.isEmpty || client.endpoint.hasOutput else {
        return returned
      }
    }
  }

  private func serve(_ event: Event) {
    switch event {
    case .knock(let handle, _): _ = server.endpoint.accept(handle, cookie: 1)
    case .received(let handle, _, let buffer, let offset, let byteCount):
      let bytes = Fragment(
        address: server.pool.address(of: buffer) + offset, byteCount: byteCount)
      _ = server.endpoint.send(handle, bytes, pool: &server.pool)
      _ = server.endpoint.receiveDone(
        handle, buffer: buffer, byteCount: byteCount, pool: &server.pool)
    case .peerClosed(let handle, _):
      _ = server.endpoint.close(handle, now: server.now, pool: &server.pool)
    case .connected, .sent, .dead: break
    }
  }

  private func connectEchoClose() -> Int {
    let outcome = client.endpoint.connect(
      localAddress: IPv4Address(10, 0, 0, 1), remoteAddress: IPv4Address(10, 0, 0, 2),
      remotePort: port, cookie: 9, now: client.now)
    guard case .connecting(let handle) = outcome else { return -1 }
    _ = settle()
    _ = client.endpoint.send(
      handle, Fragment(address: message, byteCount: 64), pool: &client.pool)
    let returned = settle()
    _ = client.endpoint.close(handle, now: client.now, pool: &client.pool)
    _ = settle()
    return returned
  }

  @Test func nothingIsLeftOfConnectionsThatCameAndWent() {
    for cycle in 0..<Self.cycleCount {
      let returned = connectEchoClose()
      guard returned == 64 else {
        Issue.record("cycle \(cycle): \(returned) of 64 bytes came back")
        return
      }
      // A tenth of a second in all for as many connections as there are slots.
      for host in [client, server] { host.advance(by: .microseconds(100)) }
    }
    for host in [client, server] {
      // Longer than any timer of a connection, TIME-WAIT included.
      for _ in 0..<600 { host.advance(by: .seconds(1)) }
      _ = host.output()
      #expect(host.isClean)
      #expect(host.endpoint.nextDeadline == nil)
    }
  }
}
