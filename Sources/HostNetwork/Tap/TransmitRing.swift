/// A transmit queue of the guest.
struct TransmitRing: ~Copyable {
  private var queue: DeviceQueue
  private var chain: DescriptorChain
  private let call: Descriptor

  init(_ setup: QueueSetup, _ activation: NetworkActivation) throws(QueueViolation) {
    queue = try DeviceQueue(setup, features: activation.features, memory: activation.memory)
    chain = DescriptorChain(capacity: setup.size)
    call = setup.call
    queue.setNotifications(false)
  }

  /// Sends at most `limit` frames to `port`; returns how many the guest gave. What the host does not
  /// take is lost, as on any network.
  mutating func send(to port: TapPort, limit: Int) throws(QueueViolation) -> Int {
    var count = 0
    while count < limit, try queue.take(&chain) {
      if chain.readableByteCount > TapPort.headerByteCount { _ = port.send(chain) }
      queue.put(chain.head, byteCount: 0)
      count += 1
    }
    guard count > 0 else { return 0 }
    queue.publish()
    if queue.wantsInterrupt() { call.signal() }
    return count
  }

  var hasNext: Bool { queue.hasNext }

  func setNotifications(_ areWanted: Bool) { queue.setNotifications(areWanted) }
}
