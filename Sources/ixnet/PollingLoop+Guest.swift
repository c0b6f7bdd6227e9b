import Poller

extension PollingLoop {
  /// Sends what the guest has put into the transmit queue of `pair`, one batch at most.
  mutating func sendFromGuest(_ pair: Int) {
    guest.receive(pair, into: &incoming)
    let queue = pair % port.queueCount
    for index in 0..<incoming.count {
      let frame = incoming[index]
      counters.sentFrames &+= 1
      counters.sentBytes &+= UInt64(frame.byteCount)
      let departure = frame.reading {
        Departure(
          of: $0, isPartial: frame.isPartial, segmentByteCount: frame.segmentByteCount,
          port: port.abilities)
      }
      carryOut(departure, frame, queue)
    }
    flush(queue)
  }

  private mutating func carryOut(_ departure: Departure, _ frame: Frame, _ queue: Int) {
    switch departure {
    case .asItIs:
      send(frame, queue)
    case .leaveToPort(let headers):
      frame.leaveChecksum(headers)
      send(frame, queue)
    case .completeChecksum(let headers):
      counters.completedChecksums &+= 1
      frame.writing { headers.completeChecksum(in: &$0) }
      send(frame, queue)
    case .segment(let headers):
      sendSegments(of: frame, headers, queue)
      frame.release()
    case .dropLength:
      counters.droppedLength &+= 1
      frame.release()
    case .dropRequest:
      counters.droppedRequest &+= 1
      frame.release()
    }
  }

  private mutating func sendSegments(of frame: Frame, _ headers: FrameHeaders, _ queue: Int) {
    guard let segmentation = Segmentation(headers, segmentByteCount: frame.segmentByteCount) else {
      return
    }
    counters.cutFrames &+= 1
    for index in 0..<segmentation.count {
      guard let part = Frame(byteCount: segmentation.frameByteCount(of: index)) else {
        // The rest would arrive after a hole: the guest's TCP sends both again.
        counters.droppedNoBuffer &+= 1
        return
      }
      frame.reading { whole in
        part.writing { segmentation.emit(index, of: whole, into: &$0) }
      }
      send(part, queue)
    }
  }

  private mutating func send(_ frame: Frame, _ queue: Int) {
    outgoing.append(frame)
    if outgoing.isFull { flush(queue) }
  }

  private mutating func flush(_ queue: Int) {
    let count = outgoing.count
    guard count > 0 else { return }
    counters.droppedByPort &+= UInt64(count - port.transmit(queue, &outgoing))
  }
}
