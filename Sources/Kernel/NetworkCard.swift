#if hasFeature(Embedded)
  import Dataplane
  import Drivers
  import Packets
  import Wire

  /// A queue pair of the dataplane's network interface.
  typealias NetworkCard = VirtioNetwork<VirtioPCITransport<MappedRegisters>>
  typealias NetworkCardSetup = VirtioNetworkSetup<VirtioPCITransport<MappedRegisters>>

  extension VirtioNetworkSetup where Transport == VirtioPCITransport<MappedRegisters> {
    /// The first virtio network device on PCI; ends the machine when there is none.
    ///
    /// The receive queue of core `i` interrupts processor `i` when asked to.
    static func find(
      kernel: inout KernelMemory, entropy: Entropy, processors: ProcessorList, coreCount: Int
    ) -> NetworkCardSetup {
      var messages = InlineArray<64, InterruptMessage>(
        repeating: LocalAPIC.receiveMessage(for: processors[0]))
      for core in 0..<coreCount { messages[core] = LocalAPIC.receiveMessage(for: processors[core]) }
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
            messages: messages.span.extracting(first: coreCount))
          return try NetworkCardSetup(
            transport, coreCount: coreCount, fallbackAddress: .local(entropy.secret().0))
        } catch {
          refuse(error)
        }
      }
      refuse("this guest has no virtio network device")
    }

    /// The queue pair of core `core`; ends the machine when it cannot be had.
    borrowing func pair(_ core: Int, arena: inout Arena) -> NetworkCard {
      do throws(VirtioError) {
        return try makePair(core, arena: &arena, map: Layout.directMap)
      } catch {
        refuse(error)
      }
    }

    /// What a core without a queue pair has in its place; ends the machine when there is no memory.
    borrowing func absentPair(arena: inout Arena) -> NetworkCard {
      do throws(VirtioError) {
        return try makeAbsentPair(arena: &arena, map: Layout.directMap)
      } catch {
        refuse(error)
      }
    }

    /// Starts the device; ends the machine when it does not.
    borrowing func start(
      _ steering: ReceiveScaling, arena: inout Arena
    ) -> VirtioSteering<VirtioPCITransport<MappedRegisters>>? {
      do throws(VirtioError) {
        return try start(steering: steering, arena: &arena, map: Layout.directMap)
      } catch {
        refuse(error)
      }
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
    case .commandRefused: refuse("the network device refuses to use a queue for each core")
    case .outOfMemory: refuse("this guest has too little memory for its network device")
    }
  }
#endif
