import IXABI
import Packets
import TCP
import Wire

extension NetworkStack {
  /// Sends one datagram. The bytes of `fragments` are read in place and must not change until
  /// `datagramSent` is reported, which follows every `.ok`. At most one pool buffer may be among
  /// them; it is retained.
  ///
  /// `.badArgument` for a port that is not bound, a datagram longer than the link's MTU (this
  /// stack does not fragment) or a bad fragment list; `.unreachable` without a route;
  /// `.noResources` when the device or a queue is full.
  package mutating func send<Device: NetworkDevice & ~Copyable>(
    _ datagram: OutgoingDatagram, fragments: Span<Fragment>, now: Instant, device: inout Device,
    pool: inout PacketPool
  ) -> Status {
    output.now = now
    let limit =
      configuration.maximumTransmissionUnit - IPv4Header.byteCount - UDPHeader.byteCount
    guard ports.isBound(datagram.localPort), datagram.remotePort != 0,
      fragments.count <= Fragment.limit, fragments.totalByteCount <= limit,
      let retained = pool.buffer(of: fragments)
    else { return .badArgument }
    guard ports.hasRoomToSend, device.freeTransmitSlotCount > 0 else { return .noResources }
    switch output.nextHop(to: datagram.remoteAddress, device: &device, pool: &pool) {
    case .unreachable: return .unreachable
    case .unknown:
      let waiting = DatagramPorts.Waiting(datagram, fragments, retained: retained)
      guard ports.waiting.append(waiting) else { return .noResources }
      retain(retained, pool: &pool)
      return .ok
    case .hardware(let hardware):
      retain(retained, pool: &pool)
      let isSent = transmit(
        datagram, to: hardware, fragments: fragments, retained: retained, device: &device,
        pool: &pool)
      return isSent ? .ok : .noResources
    }
  }

  private func retain(_ index: UInt32, pool: inout PacketPool) {
    if index != PacketPool.none { _ = pool.retain(index).relinquish() }
  }

  private mutating func transmit<Device: NetworkDevice & ~Copyable>(
    _ datagram: OutgoingDatagram, to hardware: MACAddress, fragments: Span<Fragment>,
    retained: UInt32, device: inout Device, pool: inout PacketPool
  ) -> Bool {
    let ticket = output.send(
      datagram, to: hardware, fragments: fragments, retained: retained, device: &device,
      pool: &pool)
    guard let ticket else { return false }
    output.counters.datagrams &+= 1
    ports.complete(DatagramPorts.Sent(cookie: datagram.cookie, ticket: ticket))
    return true
  }

  /// Looks once at each datagram whose neighbour was not known.
  mutating func transmitWaitingDatagrams<Device: NetworkDevice & ~Copyable>(
    device: inout Device, pool: inout PacketPool
  ) {
    for _ in 0..<ports.waiting.count {
      guard device.freeTransmitSlotCount > 0, let waiting = ports.waiting.removeFirst() else {
        return
      }
      let destination = waiting.datagram.remoteAddress
      switch output.nextHop(to: destination, device: &device, pool: &pool) {
      case .unknown:
        let isKept = ports.waiting.append(waiting)
        precondition(isKept, "the datagram had just been taken out")
      case .unreachable:
        if waiting.retained != PacketPool.none {
          pool.release(PacketBuffer(adopting: waiting.retained))
        }
        ports.complete(
          DatagramPorts.Sent(
            cookie: waiting.datagram.cookie, ticket: device.completedTransmissionCount,
            status: .unreachable))
      case .hardware(let hardware):
        let fragments = waiting.fragments.span.extracting(first: waiting.fragmentCount)
        let isSent = transmit(
          waiting.datagram, to: hardware, fragments: fragments, retained: waiting.retained,
          device: &device, pool: &pool)
        precondition(isSent, "the device had a free slot")
      }
    }
  }
}

extension PacketPool {
  /// The buffer that `fragments` lie in, `none` when they lie elsewhere; nil when they lie in more
  /// than one, reach past one, or nobody holds it.
  fileprivate func buffer(of fragments: Span<Fragment>) -> UInt32? {
    var result = Self.none
    for index in fragments.indices {
      let fragment = fragments[index]
      guard let buffer = self.index(containing: fragment.address) else { continue }
      let end =
        (fragment.address + fragment.byteCount).rawValue &- address(of: buffer).rawValue
      guard end <= UInt64(Self.bufferByteCount), result == Self.none || result == buffer,
        canRetain(buffer)
      else { return nil }
      result = buffer
    }
    return result
  }
}
