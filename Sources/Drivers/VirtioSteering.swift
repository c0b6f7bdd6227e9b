import Packets

/// The way of a running device's first queue pair to tell it that flow groups have other owners.
package struct VirtioSteering<Transport: VirtioTransport>: ~Copyable {
  private var control: VirtioNetworkControl<Transport>
  private let key: InlineArray<40, UInt8>
  private let pairCount: Int
  private let transport: Transport
  /// What the device is to be told when it has answered to what it was told before.
  private var waiting: FlowSteering?
  /// Commands the device has refused; packets then go on to their owners from where they arrive.
  package private(set) var refusedCount: UInt64 = 0

  init(
    control: consuming VirtioNetworkControl<Transport>, key: InlineArray<40, UInt8>,
    pairCount: Int, transport: Transport
  ) {
    self.control = control
    self.key = key
    self.pairCount = pairCount
    self.transport = transport
  }

  /// Begins to tell the device the owners of now.
  mutating func steer(by flows: FlowSteering) {
    waiting = flows
    _ = isSteering()
  }

  /// Whether the device has not answered to everything it is to be told.
  mutating func isSteering() -> Bool {
    guard let isObeyed = control.poll() else { return true }
    if !isObeyed { refusedCount &+= 1 }
    guard let flows = waiting else { return false }
    waiting = nil
    let scaling = ReceiveScaling(key: key, flows: flows)
    return control.beginScaling(scaling, pairCount: pairCount, transport)
  }
}

extension VirtioNetwork {
  /// Gives the first queue pair what `VirtioNetworkSetup.start` returned.
  package mutating func steersWith(_ steering: consuming VirtioSteering<Transport>) {
    self.steering = consume steering
  }

  package mutating func steer(by flows: FlowSteering) { steering?.steer(by: flows) }
  package mutating func isSteering() -> Bool { steering?.isSteering() ?? false }
}
