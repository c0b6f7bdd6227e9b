import IXABI
import Packets
import Wire

extension Endpoint {
  /// Sends what is due: replies without a connection, handshakes, data with the ACK on it, and an
  /// ACK alone only where there was no data. What the device or the network layer cannot take now
  /// stays listed.
  package mutating func transmit<
    Transmitter: SegmentTransmitter & ~Copyable, Device: NetworkDevice & ~Copyable
  >(
    now: Instant, via transmitter: inout Transmitter, device: inout Device,
    pool: inout PacketPool
  ) {
    move(to: now, completedTransmissions: device.completedTransmissionCount)
    if deviceQueue.count > 0 { listFinished() }
    if replies.count > 0 { transmitReplies(via: &transmitter, device: &device, pool: &pool) }
    var remaining = outputQueue.count
    while let index = transmitUsual(
      remaining: &remaining, via: &transmitter, device: &device, pool: &pool)
    {
      connections[index].flags.remove(.listedForOutput)
      let progress = output(
        index, now: now, via: &transmitter, device: &device, pool: &pool)
      rearm(index)
      switch progress {
      case .done: freeIfSpent(index)
      case .waiting: listForOutput(index)
      case .unfinished: listForDevice(index)
      case .deviceFull:
        listForOutput(index)
        return
      }
    }
  }

  /// Whoever waits for the device looks again when it has finished something.
  private mutating func listFinished() {
    guard resources.completedTransmissions != settledTransmissions else { return }
    settledTransmissions = resources.completedTransmissions
    while let index = deviceQueue.pop() {
      connections[index].flags.remove(.listedForDevice)
      listForOutput(index)
    }
  }

  private mutating func transmitReplies<
    Transmitter: SegmentTransmitter & ~Copyable, Device: NetworkDevice & ~Copyable
  >(
    via transmitter: inout Transmitter, device: inout Device, pool: inout PacketPool
  ) {
    while let reply = replies.head {
      let outcome = transmitEmpty(
        reply.segment, via: &transmitter, device: &device, pool: &pool)
      switch outcome {
      case .queued: resources.counters.sentSegments &+= 1
      case .deviceFull: return
      case .neighbourUnknown, .unreachable: resources.counters.droppedReplies &+= 1
      }
      replies.removeHead()
    }
  }

  /// Sends a segment without payload. Not part of its callers, as segments with payload are: those
  /// are the ones that must not be carried around in memory.
  @inline(never)
  private func transmitEmpty<
    Transmitter: SegmentTransmitter & ~Copyable, Device: NetworkDevice & ~Copyable
  >(
    _ segment: OutgoingSegment, via transmitter: inout Transmitter, device: inout Device,
    pool: inout PacketPool
  ) -> TransmitOutcome {
    transmitter.transmit(segment, fragments: Span(), device: &device, pool: &pool)
  }

  /// How far one connection's output got.
  enum OutputProgress: BitwiseCopyable {
    case done
    /// Something must happen first that nobody will announce.
    case waiting
    /// The device must finish with memory first.
    case unfinished
    case deviceFull
  }

  /// Everything that one connection may send now.
  @inline(never)
  private mutating func output<
    Transmitter: SegmentTransmitter & ~Copyable, Device: NetworkDevice & ~Copyable
  >(
    _ index: UInt32, now: Instant, via transmitter: inout Transmitter, device: inout Device,
    pool: inout PacketPool
  ) -> OutputProgress {
    if connections[index].state == .closed { return outputAfterEnd(index, pool: &pool) }
    if connections[index].flags.contains(.handshakeDue) {
      return outputHandshake(index, now: now, via: &transmitter, device: &device, pool: &pool)
    }
    let released = connections[index].settle(resources: &resources, pool: &pool)
    if released.contains(.events) { listForEvents(index) }
    if connections[index].flags.contains(.echoesMark) {
      outputUnmarked(index, now: now, via: &transmitter, device: &device, pool: &pool)
    }
    let progress = outputData(index, now: now, via: &transmitter, device: &device, pool: &pool)
    guard progress == .done else { return progress }
    if connections[index].hasUnsent, connections[index].state.canTransmit {
      connections[index].startRetransmissionTimer(now: now, resources.configuration)
    }
    let acknowledged = outputAcknowledgments(
      index, now: now, via: &transmitter, device: &device, pool: &pool)
    guard acknowledged == .done else { return acknowledged }
    return released.contains(.output) && connections[index].release.byteCount > 0
      ? .unfinished : .done
  }

  /// Waits for the device to finish with the memory of a connection that is no more.
  private mutating func outputAfterEnd(
    _ index: UInt32, pool: inout PacketPool
  ) -> OutputProgress {
    guard connections[index].settleAfterEnd(resources: &resources, pool: &pool) else {
      return .unfinished
    }
    if connections[index].flags.contains(.deadDue) { listForEvents(index) }
    return .done
  }

  private mutating func outputHandshake<
    Transmitter: SegmentTransmitter & ~Copyable, Device: NetworkDevice & ~Copyable
  >(
    _ index: UInt32, now: Instant, via transmitter: inout Transmitter, device: inout Device,
    pool: inout PacketPool
  ) -> OutputProgress {
    let segment = connections[index].handshakeHeader(
      now: now, configuration: resources.configuration)
    // From the first attempt on: an address that nobody answers for must time out, too.
    connections[index].startHandshakeTimer(now: now, resources.configuration)
    let outcome = transmitEmpty(segment, via: &transmitter, device: &device, pool: &pool)
    switch outcome {
    case .queued:
      resources.counters.sentSegments &+= 1
      connections[index].handshakeWasSent(now: now)
      return .done
    case .deviceFull: return .deviceFull
    case .neighbourUnknown: return .waiting
    case .unreachable:
      act(connections[index].end(.unreachable), on: index, pool: &pool)
      return .done
    }
  }

  /// Acknowledges what came without a congestion mark apart from what came with one. When the device
  /// is full, one ACK has to do for both.
  @inline(never)
  private mutating func outputUnmarked<
    Transmitter: SegmentTransmitter & ~Copyable, Device: NetworkDevice & ~Copyable
  >(
    _ index: UInt32, now: Instant, via transmitter: inout Transmitter, device: inout Device,
    pool: inout PacketPool
  ) {
    guard device.freeTransmitSlotCount > 1,
      let segment = connections[index].unmarkedAcknowledgment(
        now: now, configuration: resources.configuration)
    else { return }
    let outcome = transmitEmpty(segment, via: &transmitter, device: &device, pool: &pool)
    if case .queued = outcome { resources.counters.sentSegments &+= 1 }
  }

  @inline(__always)
  private mutating func outputData<
    Transmitter: SegmentTransmitter & ~Copyable, Device: NetworkDevice & ~Copyable
  >(
    _ index: UInt32, now: Instant, via transmitter: inout Transmitter, device: inout Device,
    pool: inout PacketPool
  ) -> OutputProgress {
    let maximumSegment = connections[index].send.maximumSegment
    // 64 KiB less network and transport headers with all options.
    let limit = device.offloads.segmentation ? max(65_535 - 120, maximumSegment) : maximumSegment
    while var plan = connections[index].planSegment(limit: limit, resources: &resources) {
      let payload = SendQueue.gather(
        plan.byteCount, from: plan.position, elements: resources.elements, into: &fragments)
      guard fit(&plan, to: payload.byteCount, of: index) else { return .done }
      var segment = connections[index].header(
        for: plan, now: now, configuration: resources.configuration)
      if plan.byteCount > maximumSegment { segment.segmentByteCount = Int(maximumSegment) }
      let outcome = transmitter.transmit(
        segment, fragments: fragments.span.extracting(first: payload.fragmentCount),
        device: &device, pool: &pool)
      switch outcome {
      case .queued(let ticket):
        connections[index].transmitted(plan, ticket: ticket, now: now, resources: &resources)
      case .deviceFull: return .deviceFull
      case .neighbourUnknown: return .waiting
      case .unreachable: return .done  // the retransmission timer tries again
      }
    }
    return .done
  }

  /// Cuts a plan to what fits into one frame; false when that is not possible now.
  @inline(__always)
  private mutating func fit(
    _ plan: inout SegmentPlan, to byteCount: UInt32, of index: UInt32
  ) -> Bool {
    guard byteCount < plan.byteCount else { return true }
    guard byteCount > 0 else { return false }
    if plan.record != PacketPool.none {
      guard connections[index].resize(plan.record, to: byteCount, resources: &resources) else {
        return false
      }
    }
    plan.byteCount = byteCount
    plan.hasFIN = false
    plan.isPushed = false
    return true
  }

  /// An ACK that found no data to ride on, and one for each segment that came out of order.
  @inline(__always)
  private mutating func outputAcknowledgments<
    Transmitter: SegmentTransmitter & ~Copyable, Device: NetworkDevice & ~Copyable
  >(
    _ index: UInt32, now: Instant, via transmitter: inout Transmitter, device: inout Device,
    pool: inout PacketPool
  ) -> OutputProgress {
    guard connections[index].owesAcknowledgment,
      !connections[index].delaysAcknowledgment(now: now, resources.configuration)
    else { return .done }
    connections[index].tuneReceiveWindow(now: now, pool: pool, resources.configuration)
    while connections[index].owesAcknowledgment {
      var segment = connections[index].acknowledgmentHeader(
        now: now, configuration: resources.configuration)
      connections[index].addSACKBlocks(to: &segment, pool: pool)
      let outcome = transmitEmpty(segment, via: &transmitter, device: &device, pool: &pool)
      switch outcome {
      case .queued:
        resources.counters.sentSegments &+= 1
        connections[index].acknowledged()
      case .deviceFull: return .deviceFull
      case .neighbourUnknown: return .waiting
      case .unreachable: connections[index].acknowledged()
      }
    }
    return .done
  }
}
