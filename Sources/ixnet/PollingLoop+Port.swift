import Poller

extension PollingLoop {
  /// Gives the guest what has arrived in a queue of the port, one batch at most.
  mutating func receiveFromPort(_ queue: Int, pairCount: Int) {
    // A port that hashes, or a guest with one pair, decides where the frames go: what the guest has
    // no buffer for waits in the port.
    let isDecided = port.hashes || pairCount == 1
    let limit = isDecided ? guest.room(queue % pairCount) : FrameBatch.capacity
    guard limit > 0 else { return }
    port.receive(queue, into: &incoming, limit: limit)
    guard incoming.count > 0 else { return }
    prepare()
    guard !isDecided else { return deliver(queue % pairCount, .incoming) }
    for pair in 0..<pairCount {
      for index in 0..<incoming.count {
        let frame = incoming[index]
        let target = frame.reading { distribution.pair(of: $0, among: pairCount) }
        if target == pair { spread.append(frame) }
      }
      deliver(pair, .spread)
    }
  }

  /// Counts the frames, and tells the guest of checksums that the port has verified.
  private mutating func prepare() {
    let takesPartial = guest.takesPartial
    for index in 0..<incoming.count {
      let frame = incoming[index]
      counters.receivedFrames &+= 1
      counters.receivedBytes &+= UInt64(frame.byteCount)
      guard takesPartial, frame.isVerified, let headers = frame.reading(FrameHeaders.init(of:))
      else { continue }
      counters.vouchedFrames &+= 1
      frame.leaveChecksum(headers)
    }
  }

  private enum Source {
    case incoming
    case spread
  }

  private mutating func deliver(_ pair: Int, _ source: Source) {
    let count: Int
    let taken: Int
    switch source {
    case .incoming:
      count = incoming.count
      taken = guest.transmit(pair, &incoming)
    case .spread:
      count = spread.count
      taken = count == 0 ? 0 : guest.transmit(pair, &spread)
    }
    counters.droppedByGuest &+= UInt64(count - taken)
  }
}
