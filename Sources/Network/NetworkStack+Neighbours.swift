import Packets
import TCP
import Wire

// ARP: RFC 826, with address conflict detection as in RFC 5227.

extension NetworkStack {
  mutating func receive<Device: NetworkDevice & ~Copyable>(
    _ packet: ARPPacketFields, now: Instant, pool: inout PacketPool, device: inout Device
  ) {
    guard configuration.hasAddress else { return counters.count(.arpUnsolicited) }
    let isRequest = packet.operation == .request
    guard isRequest || packet.operation == .reply else { return counters.count(.arpOperation) }
    let isForUs = packet.targetAddress == configuration.address
    guard !packet.senderHardware.isGroup, packet.senderHardware != MACAddress(0),
      packet.senderHardware != device.macAddress
    else { return counters.count(.arpSender) }
    guard packet.senderAddress != configuration.address else {
      counters.count(.arpConflict)
      if defenceLimit.take(at: now) { announce(now: now, device: &device, pool: &pool) }
      return
    }
    if isRequest, isForUs, packet.senderAddress == .any {
      // A probe for our address (RFC 5227, section 2.1.1): answered, but nobody to learn from.
      return answer(packet, device: &device, pool: &pool)
    }
    guard configuration.isOnLink(packet.senderAddress),
      configuration.isPlausibleSource(packet.senderAddress)
    else { return counters.count(.arpSender) }
    learn(from: packet, addressedToUs: isRequest && isForUs, now: now)
    if links.isShared {
      links.spread(packet, addressedToUs: isRequest && isForUs, pool: &pool)
    }
    if isRequest, isForUs { answer(packet, device: &device, pool: &pool) }
  }

  /// A neighbour on the link has said where it is. Only a request addressed to us may bring a stranger
  /// in.
  mutating func learn(from packet: ARPPacketFields, addressedToUs: Bool, now: Instant) {
    let lesson = output.neighbours.learn(
      packet.senderAddress, at: packet.senderHardware, addressedToUs: addressedToUs, now: now)
    switch lesson {
    case .learned: counters.receivedNeighbours &+= 1
    case .unsolicited: counters.count(.arpUnsolicited)
    case .contradicted: counters.count(.arpContradiction)
    case .full: counters.count(.arpTableFull)
    }
  }

  private mutating func answer<Device: NetworkDevice & ~Copyable>(
    _ packet: ARPPacketFields, device: inout Device, pool: inout PacketPool
  ) {
    output.counters.arpReplies &+= 1
    let reply = ARPPacketFields(
      operation: .reply, senderHardware: device.macAddress, senderAddress: configuration.address,
      targetHardware: packet.senderHardware, targetAddress: packet.senderAddress)
    output.send(reply, to: packet.senderHardware, device: &device, pool: &pool)
  }
}
