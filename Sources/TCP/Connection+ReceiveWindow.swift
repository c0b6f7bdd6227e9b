import Packets
import Wire

// The window that is offered: RFC 9293, section 3.8.6.2.2, and its size, which follows what the peer
// sends and the application reads in a round trip (dynamic right-sizing: Fisk and Feng, 2001).

extension Connection {
  /// Bytes received and not returned that this connection may have.
  @inline(__always)
  func receiveLimit(_ configuration: borrowing Configuration) -> UInt32 {
    configuration.receiveWindow &<< UInt32(receive.growth)
  }

  /// Packet buffers for them.
  @inline(__always)
  func bufferLimit(_ configuration: borrowing Configuration) -> UInt32 {
    configuration.bufferLimit &<< UInt32(receive.growth)
  }

  /// RCV.WND for the next header. The right edge moves by at least a segment or half the buffer, or
  /// not at all (RFC 9293, section 3.8.6.2.2), and never back.
  @inline(__always)
  mutating func offerWindow(_ configuration: borrowing Configuration) -> UInt16 {
    let threshold = min(
      configuration.receiveWindow / 2, UInt32(configuration.maximumSegmentByteCount))
    // So open that the edge cannot move by that much.
    if receive.offered <= receiveLimit(configuration) &- threshold {
      let candidate = windowEdge(configuration)
      let growth = candidate.signedDistance(from: receive.edge)
      if growth >= Int32(truncatingIfNeeded: threshold) { receive.edge = candidate }
    }
    let window = receive.offered &>> UInt32(receive.windowShift)
    return UInt16(truncatingIfNeeded: min(window, 65_535))
  }

  /// The right edge that the space left would allow, in bytes and in packet buffers.
  @inline(__always)
  private func windowEdge(_ configuration: borrowing Configuration) -> SequenceNumber {
    let held = receive.heldByteCount
    let limit = receiveLimit(configuration)
    let free = limit > held ? limit &- held : 0
    let heldBuffers = receive.heldBufferCount &+ reassembly.bufferCount
    let bufferLimit = bufferLimit(configuration)
    let buffers = bufferLimit > heldBuffers ? bufferLimit &- heldBuffers : 0
    // Two at a time: `min` of three makes an array.
    let window = min(free, buffers &* UInt32(configuration.maximumSegmentByteCount))
    return receive.next.advanced(by: min(window, 65_535 &<< UInt32(receive.windowShift)))
  }

  /// The application has returned buffers: whether the peer should be told before it next hears of
  /// us.
  @inline(__always)
  mutating func returned(
    byteCount: UInt32, bufferCount: UInt32, configuration: borrowing Configuration
  ) -> Reaction {
    receive.heldByteCount &-= min(byteCount, receive.heldByteCount)
    receive.heldBufferCount &-= min(bufferCount, receive.heldBufferCount)
    let segment = UInt32(configuration.maximumSegmentByteCount)
    let half = receiveLimit(configuration) / 2
    let isNearlyClosed = receive.offered < 2 &* segment
    // Half open or more: the edge cannot move by another half.
    guard receive.offered <= half || isNearlyClosed, state.canReceive else { return .none }
    let growth = windowEdge(configuration).signedDistance(from: receive.edge)
    let isWorthwhile =
      growth >= Int32(truncatingIfNeeded: half)
      || (isNearlyClosed && growth >= Int32(truncatingIfNeeded: segment))
    return isWorthwhile ? acknowledgeNow() : .none
  }

  /// An ACK without data is about to be sent: a window that the application has read half of since
  /// the round began is judged.
  @inline(__always)
  mutating func tuneReceiveWindow(
    now: Instant, pool: borrowing PacketPool, _ configuration: borrowing Configuration
  ) {
    let read = SequenceNumber(receive.next.rawValue &- receive.heldByteCount)
    guard read.distance(from: rareReceive.roundStart) >= receiveLimit(configuration) / 2 else {
      return
    }
    judgeReceiveWindow(read: read, now: now, pool: pool, configuration)
  }

  /// Half a window within two round trips: the window limits the peer, or will once its congestion
  /// window has doubled. The round trip is the handshake's or that of our own data; where it is so
  /// short that batches hide it, 2 ms stand for two. Scarce buffers make windows smaller again.
  @inline(never)
  private mutating func judgeReceiveWindow(
    read: SequenceNumber, now: Instant, pool: borrowing PacketPool,
    _ configuration: borrowing Configuration
  ) {
    let elapsed = now.shortMicroseconds &- rareReceive.roundBegan
    rareReceive.roundBegan = now.shortMicroseconds
    rareReceive.roundStart = read
    guard pool.freeCount > pool.count / 4 else {
      receive.growth &-= min(1, receive.growth)
      return
    }
    guard elapsed <= max(2 &* retransmission.smoothedRoundTrip, 2_000),
      receiveLimit(configuration) <= configuration.receiveWindowLimit / 2,
      Int(bufferLimit(configuration)) <= pool.count / 4, pool.freeCount > pool.count / 2
    else { return }
    receive.growth &+= 1
  }
}
