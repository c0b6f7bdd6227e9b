import Packets
import TCP
import Wire

/// The way out: routes, finds the neighbour and puts link and network headers in front.
package struct IPv4Output: ~Copyable {
  package let configuration: InterfaceConfiguration
  package internal(set) var neighbours: NeighbourTable
  package internal(set) var counters = OutputCounters()
  /// The time of this cycle.
  var now = Instant(nanoseconds: 0)
  /// A flood that makes us look for many neighbours does not become a flood of broadcasts.
  private var requestLimit = TokenBucket(burst: 128, interval: .milliseconds(1))

  /// Nil when the arena is too small.
  init?(configuration: InterfaceConfiguration, arena: inout Arena) {
    guard
      let neighbours = NeighbourTable(
        setCount: configuration.neighbourSetCount, gateway: configuration.gateway, arena: &arena)
    else { return nil }
    self.configuration = configuration
    self.neighbours = neighbours
  }

  /// Where a packet can be handed to now.
  enum NextHop {
    case hardware(MACAddress)
    case unknown
    case unreachable
  }

  /// Where packets for a destination that can be sent to went lately; nil when `nextHop` must be asked.
  @inline(__always)
  func latestHop(to destination: IPv4Address) -> MACAddress? {
    if configuration.isOnLink(destination) { return neighbours.latest(destination, at: now) }
    guard let gateway = configuration.gateway else { return nil }
    return neighbours.latest(gateway, at: now)
  }

  /// Routes and asks for the neighbour's link address where that is due.
  @inline(__always)
  mutating func nextHop<Device: NetworkDevice & ~Copyable>(
    to destination: IPv4Address, device: inout Device, pool: inout PacketPool
  ) -> NextHop {
    // Whoever is among the neighbours has an address that can be sent to.
    if configuration.isOnLink(destination),
      let hardware = neighbours.latest(destination, at: now)
    {
      return .hardware(hardware)
    }
    guard let neighbour = configuration.nextHop(to: destination) else {
      counters.unreachable &+= 1
      return .unreachable
    }
    let answer = neighbours.lookup(neighbour, at: now)
    if case .resolved(let hardware) = answer { return .hardware(hardware) }
    return pursue(answer, neighbour: neighbour, device: &device, pool: &pool)
  }

  private mutating func pursue<Device: NetworkDevice & ~Copyable>(
    _ answer: NeighbourAnswer, neighbour: IPv4Address, device: inout Device,
    pool: inout PacketPool
  ) -> NextHop {
    switch answer {
    case .resolved(let hardware): return .hardware(hardware)
    case .questionable(let hardware):
      request(neighbour, at: hardware, device: &device, pool: &pool)
      return .hardware(hardware)
    case .ask:
      request(neighbour, at: .broadcast, device: &device, pool: &pool)
      return .unknown
    case .pending: return .unknown
    case .unreachable:
      counters.unreachable &+= 1
      return .unreachable
    }
  }

  private mutating func request<Device: NetworkDevice & ~Copyable>(
    _ address: IPv4Address, at hardware: MACAddress, device: inout Device,
    pool: inout PacketPool
  ) {
    guard requestLimit.take(at: now) else {
      counters.suppressedARPRequests &+= 1
      return
    }
    counters.arpRequests &+= 1
    let packet = ARPPacketFields(
      operation: .request, senderHardware: device.macAddress,
      senderAddress: configuration.address, targetHardware: MACAddress(0),
      targetAddress: address)
    send(packet, to: hardware, device: &device, pool: &pool)
  }

  mutating func send<Device: NetworkDevice & ~Copyable>(
    _ packet: ARPPacketFields, to hardware: MACAddress, device: inout Device,
    pool: inout PacketPool
  ) {
    let link = EthernetHeaderFields(
      destination: hardware, source: device.macAddress, type: .arp)
    let frame = OutgoingFrame(headerByteCount: EthernetHeader.byteCount + ARPPacket.byteCount)
    let ticket = device.transmit(frame, fragments: Span(), pool: &pool) { header in
      link.emit(into: &header)
      packet.emit(into: &header, at: EthernetHeader.byteCount)
    }
    if ticket == nil { counters.deviceFull &+= 1 }
  }
}
