import Packets
import TCP
import Wire

// Our own address: RFC 5227.

extension NetworkStack {
  /// Claims our address at start-up: asks whether anybody has it, and tells everybody that we do,
  /// now and once more (sections 2.1.1 and 2.3). The address is used at once instead of after seven
  /// seconds of silence, a deviation from section 2.1: a dataplane serves a few milliseconds after its
  /// start, and gives up an address it was told to use in no case (section 2.4, (c)). Whoever
  /// answers is counted as `.arpConflict`, as are conflicts later on.
  package mutating func claimAddress<Device: NetworkDevice & ~Copyable>(
    now: Instant, device: inout Device, pool: inout PacketPool
  ) {
    guard configuration.hasAddress else { return }
    broadcastRequest(from: .any, now: now, device: &device, pool: &pool)
    announce(now: now, device: &device, pool: &pool)
    announcementDue = now + Self.announcementInterval
  }

  /// ANNOUNCE_INTERVAL.
  static var announcementInterval: Interval { .seconds(2) }

  /// The second announcement, ANNOUNCE_NUM being two: a switch may not have been ready for the first.
  @inline(never)
  mutating func announceAgain<Device: NetworkDevice & ~Copyable>(
    now: Instant, device: inout Device, pool: inout PacketPool
  ) {
    announcementDue = .distantFuture
    announce(now: now, device: &device, pool: &pool)
  }

  /// Tells everybody on the link our address (section 2.3), also because somebody else claims it.
  mutating func announce<Device: NetworkDevice & ~Copyable>(
    now: Instant, device: inout Device, pool: inout PacketPool
  ) {
    broadcastRequest(from: configuration.address, now: now, device: &device, pool: &pool)
  }

  /// A request for our own address; a probe when it names no sender.
  private mutating func broadcastRequest<Device: NetworkDevice & ~Copyable>(
    from sender: IPv4Address, now: Instant, device: inout Device, pool: inout PacketPool
  ) {
    output.now = now
    output.counters.arpRequests &+= 1
    let request = ARPPacketFields(
      operation: .request, senderHardware: device.macAddress, senderAddress: sender,
      targetHardware: MACAddress(0), targetAddress: configuration.address)
    output.send(request, to: .broadcast, device: &device, pool: &pool)
  }
}
