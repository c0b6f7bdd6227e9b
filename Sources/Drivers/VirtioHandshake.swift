import Wire

/// Brings a device from reset to operation in the order of virtio 1.1, section 3.1.1.
package enum VirtioHandshake {
  /// Times the status is read while a reset is under way; a read takes a VM exit, about 1 us.
  static var resetReadLimit: Int { 1_000_000 }

  /// Steps 1 to 6. `choose` picks, from what the device offers, what the driver wants as well;
  /// VERSION_1 is added. Returns the features both sides agreed on.
  package static func begin(
    _ transport: some VirtioTransport, choose: (_ offered: VirtioFeatures) -> VirtioFeatures
  ) throws(VirtioError) -> VirtioFeatures {
    // Step 1: reset the device.
    guard reset(transport) else { throw .resetTimedOut }
    // Step 2: the guest has noticed the device.
    transport.writeStatus(.acknowledge)
    // Step 3: the guest knows how to drive it.
    transport.writeStatus(.acknowledge | .driver)
    // Step 4: read feature bits, write the subset understood.
    let offered = transport.readDeviceFeatures()
    guard offered.contains(.version1) else {
      fail(transport)
      throw .notModern
    }
    let platform = VirtioFeatures.version1 | .accessPlatform | .orderPlatform
    let accepted = (choose(offered) | platform) & offered
    transport.writeDriverFeatures(accepted)
    // Step 5: no feature is accepted from now on.
    let agreed = VirtioStatus.acknowledge | .driver | .featuresOK
    transport.writeStatus(agreed)
    // Step 6: the device says whether it goes along.
    guard transport.readStatus().contains(.featuresOK) else {
      fail(transport)
      throw .featuresRefused
    }
    return accepted
  }

  /// Step 8, after the queues of step 7: the device is live.
  package static func finish(_ transport: some VirtioTransport) {
    transport.writeStatus(.acknowledge | .driver | .featuresOK | .driverOK)
  }

  /// Gives up on the device.
  package static func fail(_ transport: some VirtioTransport) {
    transport.writeStatus(transport.readStatus() | .failed)
  }

  /// Resets the device and waits until it has (section 4.1.4.3.2): it uses no queue any more. False
  /// when it does not finish.
  package static func reset(_ transport: some VirtioTransport) -> Bool {
    transport.writeStatus(VirtioStatus(rawValue: 0))
    var remaining = resetReadLimit
    while remaining > 0 {
      if transport.readStatus().rawValue == 0 { return true }
      remaining &-= 1
    }
    return false
  }
}
