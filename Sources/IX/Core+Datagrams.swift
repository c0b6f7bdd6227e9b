import CIXABI
import IXABI

/// Receives UDP datagrams to `port`, and lets them be sent from there.
///
/// Throws `.portInUse`, or `.badArgument` for port 0.
public func bind(on port: UInt16) throws(IXError) {
  let status = systemCall(.bind, UInt64(port), 0)
  guard status >= 0 else { throw IXError(status: status) }
}

/// Sends a buffer's bytes, at most 1472, as one datagram. The buffer is freed when the card has read
/// it. `localPort` must be one of `bind(on:)`. Like any datagram it may be lost, here when the card's
/// queue is full.
public func send(
  _ buffer: consuming SendBuffer, to address: IPv4Address, port: UInt16, from localPort: UInt16
) {
  let chunk = buffer.relinquish()
  Core.current.send(chunk, to: address, port, from: localPort)
}

extension Core {
  /// Sends one datagram whose bytes stay until `udpSent` with `cookie`, which is not reported for 0.
  mutating func send(
    address: UInt64, byteCount: Int, to remoteAddress: IPv4Address, _ remotePort: UInt16,
    from localPort: UInt16, cookie: UInt64
  ) {
    var call = CallDescriptor(.udpSend, handle: 0)
    call.cookie = cookie
    call.address = address
    call.byte_count = UInt64(byteCount)
    call.remote_address = remoteAddress.rawValue
    call.remote_port = remotePort
    call.local_port = localPort
    issue(call)
  }

  mutating func send(
    _ chunk: Chunk, to address: IPv4Address, _ port: UInt16, from localPort: UInt16
  ) {
    let number = chunks.insert(chunk)
    send(
      address: chunk.address, byteCount: Int(chunk.byteCount), to: address, port, from: localPort,
      cookie: UInt64(number) &+ 1)
  }

  /// A datagram was refused, or the card has read it: its memory is free. Zero is that of a received
  /// one, which the kernel keeps itself.
  mutating func finishDatagram(cookie: UInt64) {
    guard cookie > 0 else { return }
    let number = UInt32(truncatingIfNeeded: cookie &- 1)
    let chunk = chunks[number]
    chunks.remove(number)
    chunk.freeBlock()
  }

  mutating func receiveDone(datagram buffer: UInt32) {
    var call = CallDescriptor(.udpReceiveDone, handle: 0)
    call.buffer = buffer
    issue(call)
  }
}
