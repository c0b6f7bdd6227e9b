#if hasFeature(Embedded)
  import Dataplane
  import Drivers
  import Packets
  import Wire

  /// The dataplane's network interface.
  typealias NetworkCard = VirtioNetwork<VirtioPCITransport<MappedRegisters>>

  extension VirtioNetwork where Transport == VirtioPCITransport<MappedRegisters> {
    /// The first virtio network device on PCI, started; ends the machine when there is none.
    ///
    /// It interrupts this core by `message` when asked to.
    static func find(
      kernel: inout KernelMemory, arena: inout Arena, entropy: Entropy, message: InterruptMessage
    ) -> NetworkCard {
      let messages: InlineArray<1, InterruptMessage> = [message]
      let access = PCIPortAccess()
      var scan = PCIScan()
      while let function = scan.next(access) {
        guard VirtioPCITransport<MappedRegisters>.kind(of: function) == .network else { continue }
        // Firmware has placed the registers of every device; where there is none, this hole below
        // 4 GiB is free on PC-like machines.
        var hole = PCIMemoryWindow(
          start: DeviceAddress(0xE000_0000), end: DeviceAddress(0xFEB0_0000))
        do throws(VirtioError) {
          let transport = try VirtioPCITransport(
            function, access, mapper: &kernel, assigningFrom: &hole,
            messages: messages.span)
          return try NetworkCard(
            transport, fallbackAddress: .local(entropy.secret().0), arena: &arena,
            map: Layout.directMap)
        } catch {
          refuse(error)
        }
      }
      refuse("this guest has no virtio network device")
    }
  }

  extension MACAddress {
    /// A locally administered address (IEEE 802, section 8.2.2).
    static func local(_ random: UInt64) -> MACAddress {
      MACAddress(random & 0xFCFF_FFFF_FFFF | 0x0200_0000_0000)
    }
  }

  private func refuse(_ error: VirtioError) -> Never {
    switch error {
    case .notModern, .wrongKind: refuse("the network device is not a modern virtio device")
    case .malformedRegisters, .unmappable: refuse("the network device's registers are unusable")
    case .resetTimedOut: refuse("the network device does not reset")
    case .featuresRefused: refuse("the network device refuses the features it offers")
    case .queueRefused: refuse("the network device's queues are unusable")
    case .outOfMemory: refuse("this guest has too little memory for its network device")
    }
  }
#endif
