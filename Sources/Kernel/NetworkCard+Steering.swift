#if hasFeature(Embedded)
  import Dataplane
  import Drivers

  extension CapturedDevice where Inner == CoreDevice<NetworkCard> {
    /// Gives the card of the first core its way to the device.
    mutating func steersWith(
      _ steering: consuming VirtioSteering<VirtioPCITransport<MappedRegisters>>
    ) {
      var steering: VirtioSteering<VirtioPCITransport<MappedRegisters>>? = consume steering
      inner.withCard { card in
        if let steering = steering.take() { card.steersWith(steering) }
      }
    }
  }
#endif
