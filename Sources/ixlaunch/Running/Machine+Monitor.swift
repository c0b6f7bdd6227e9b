import Image
import VMM

extension Machine {
  /// What our own monitor is told of this machine.
  func monitorOrder(for image: Image) -> MonitorOrder {
    var order = MonitorOrder()
    order.imagePath = imagePath
    order.entry = image.pvhEntry
    order.segments = image.kernel.loadedSegments.map {
      BootSegment(
        fileOffset: $0.fileOffset, fileByteCount: $0.fileByteCount, address: $0.physicalAddress,
        memoryByteCount: $0.memoryByteCount)
    }
    order.commandLine = commandLine
    order.memory = memory.bytes
    order.cores = cores
    order.hardwareAddress = hardwareAddress
    order.debuggerPort = debuggerPort
    switch network {
    case .tap(let tap, _, _):
      order.network = .tap(tap.name)
      order.queuePairs = queueCount
    case .vhostUser(let port, _, _):
      order.network = .vhostUser(port.path)
      order.queuePairs = cores
    case .none, .user: break
    }
    return order
  }

  /// A locally administered address (IEEE 802, section 8.2.2) that follows from the machine's name
  /// and network: FNV-1a of both.
  private var hardwareAddress: UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in "\(name) \(network)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash & 0xFCFF_FFFF_FFFF | 0x0200_0000_0000
  }

  /// What runs this machine, for a person.
  var monitorText: String {
    switch monitor {
    case .own: "our own monitor on KVM"
    case .qemu: "QEMU with \(accelerator.rawValue.uppercased())"
    }
  }

  /// The arguments of the program that runs this machine.
  func monitorArguments(for image: Image) -> [String] {
    switch monitor {
    case .own: monitorOrder(for: image).words
    case .qemu: qemuArguments
    }
  }
}
