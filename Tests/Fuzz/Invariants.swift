import Packets
import TCP

extension Endpoint {
  /// What must be true of every connection at any time. Mutating only because the compiler copies a
  /// whole endpoint that is borrowed through a pointer.
  mutating func checkInvariants() {
    for index in 0..<UInt32(connections.count) {
      guard connections[index].flags.contains(.inUse), connections[index].state != .closed else {
        continue
      }
      connections[index].checkReceiver(resources.configuration)
      connections[index].checkSender(resources.segments)
    }
  }
}

extension Connection {
  fileprivate func checkReceiver(_ configuration: Configuration) {
    guard state != .synSent else { return }
    let window = receive.edge.signedDistance(from: receive.next)
    require(window >= 0, "the window's edge lies before RCV.NXT")
    require(window <= 1 << 30, "the window is too large")
    require(receive.heldBufferCount <= bufferLimit(configuration), "too many buffers")
    let reassemblyLimit = configuration.reassemblyLimit &<< UInt32(receive.growth)
    require(reassembly.bufferCount <= reassemblyLimit, "too much waits for a gap")
  }

  fileprivate func checkSender(_ segments: borrowing SentSegmentPool) {
    require(send.unacknowledged <= send.next, "more is acknowledged than was sent")
    require(send.maximumSegment >= 64, "segments are too small")
    var (count, lostCount, inFlight) = (0 as UInt32, 0 as UInt32, 0 as UInt32)
    var end = send.unacknowledged
    var index = scoreboard.head
    while index != PacketPool.none {
      let segment = segments[index]
      require(segment.sequence == end, "the scoreboard has a gap")
      end = segment.end
      count += 1
      if segment.flags.contains(.lost) { lostCount += 1 }
      if !segment.flags.intersects(.lost | .sacked) { inFlight &+= segment.byteCount }
      index = segment.next
    }
    require(scoreboard.count == count, "miscounted segments")
    require(scoreboard.lostCount == lostCount, "miscounted losses")
    require(scoreboard.inFlightByteCount == inFlight, "miscounted bytes in flight")
    require(scoreboard.isEmpty || end == send.next, "the scoreboard ends too early")
  }
}
