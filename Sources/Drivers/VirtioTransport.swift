import Packets
import Wire

/// How a driver reaches a virtio device: over PCI, or over registers alone (virtio 1.1, chapter 4).
///
/// A transport performs single steps; their order is `VirtioHandshake`'s.
package protocol VirtioTransport {
  /// Which device it is (virtio 1.1, chapter 5).
  var kind: VirtioKind { get }

  func readStatus() -> VirtioStatus
  /// Writing the empty set resets the device.
  func writeStatus(_ status: VirtioStatus)

  func readDeviceFeatures() -> VirtioFeatures
  func writeDriverFeatures(_ features: VirtioFeatures)

  /// The most descriptors queue `queue` can have, 0 when it does not exist or is in use.
  func queueSizeLimit(of queue: UInt16) -> Int
  /// Tells the device where a queue is and lets it use it; nil when it will not.
  func enableQueue(_ queue: UInt16, at layout: VirtqueueLayout) -> VirtioDoorbell?
  func ring(_ doorbell: VirtioDoorbell)

  /// Bytes of device-specific configuration.
  var configurationByteCount: Int { get }
  func readConfiguration8(at offset: Int) -> UInt8
  func readConfiguration16(at offset: Int) -> UInt16
  /// Changes whenever the device-specific configuration does.
  func readConfigurationGeneration() -> UInt32

  /// Whether receive queues can interrupt.
  var hasInterrupts: Bool { get }
  /// Why the device raised its interrupt; lowers it.
  func acknowledgeInterrupt() -> VirtioInterrupt
}

/// Where a queue lies, as its device is told (virtio 1.1, section 2.6).
package struct VirtqueueLayout: BitwiseCopyable, Equatable, Sendable {
  /// Descriptors; a power of two, at most 32,768.
  package let size: Int
  /// Descriptor table.
  package let descriptors: DeviceAddress
  /// Available ring: the driver area.
  package let available: DeviceAddress
  /// Used ring: the device area.
  package let used: DeviceAddress
}

/// Where writing tells the device that a queue has work.
package struct VirtioDoorbell: BitwiseCopyable, Equatable, Sendable {
  package let queue: UInt16
  /// Bytes from the start of the window of doorbells.
  package let offset: Int
}

/// Device types (virtio 1.1, chapter 5).
package struct VirtioKind: BitwiseCopyable, Equatable, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static var network: Self { Self(rawValue: 1) }
  package static var entropy: Self { Self(rawValue: 4) }
}

/// How far a driver has come with a device (virtio 1.1, section 2.1).
package struct VirtioStatus: FlagSet {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// ACKNOWLEDGE: the device was noticed.
  package static var acknowledge: Self { Self(rawValue: 1) }
  /// DRIVER: there is a driver for it.
  package static var driver: Self { Self(rawValue: 2) }
  /// DRIVER_OK: the driver is set up.
  package static var driverOK: Self { Self(rawValue: 4) }
  /// FEATURES_OK: both sides agree on the features.
  package static var featuresOK: Self { Self(rawValue: 8) }
  /// DEVICE_NEEDS_RESET: the device met an error it cannot recover from.
  package static var needsReset: Self { Self(rawValue: 64) }
  /// FAILED: the driver has given up.
  package static var failed: Self { Self(rawValue: 128) }
}

/// Why a device raised its interrupt (virtio 1.1, section 4.1.4.5).
package struct VirtioInterrupt: FlagSet {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static var usedBuffers: Self { Self(rawValue: 1) }
  package static var configuration: Self { Self(rawValue: 2) }
}

/// Feature bits (virtio 1.1, chapter 6 and section 5.1.3).
package struct VirtioFeatures: FlagSet {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }

  /// VIRTIO_NET_F_CSUM: the device completes checksums of transmitted packets.
  package static var networkChecksum: Self { Self(rawValue: 1 << 0) }
  /// VIRTIO_NET_F_GUEST_CSUM: the driver takes packets with incomplete checksums.
  package static var networkGuestChecksum: Self { Self(rawValue: 1 << 1) }
  /// VIRTIO_NET_F_MAC: the device has an address.
  package static var networkAddress: Self { Self(rawValue: 1 << 5) }
  /// VIRTIO_NET_F_GUEST_TSO4: received IPv4 TCP segments may be longer than the link's.
  package static var networkGuestSegmentation: Self { Self(rawValue: 1 << 7) }
  /// VIRTIO_NET_F_HOST_TSO4: the device segments IPv4 TCP.
  package static var networkSegmentation: Self { Self(rawValue: 1 << 11) }
  /// VIRTIO_NET_F_MRG_RXBUF: a received frame may lie in several buffers.
  package static var networkMergedBuffers: Self { Self(rawValue: 1 << 15) }
  /// VIRTIO_NET_F_STATUS: the configuration says whether the link is up.
  package static var networkStatus: Self { Self(rawValue: 1 << 16) }
  /// VIRTIO_NET_F_CTRL_VQ: there is a queue for commands.
  package static var networkControl: Self { Self(rawValue: 1 << 17) }
  /// VIRTIO_NET_F_MQ: the device can use several queue pairs.
  package static var networkQueuePairs: Self { Self(rawValue: 1 << 22) }
  /// VIRTIO_NET_F_HASH_REPORT: the device tells the Toeplitz hash of received packets.
  package static var networkHashReport: Self { Self(rawValue: 1 << 57) }
  /// VIRTIO_NET_F_RSS: the device puts packets into receive queues by their Toeplitz hash.
  package static var networkReceiveScaling: Self { Self(rawValue: 1 << 60) }
  /// VIRTIO_F_INDIRECT_DESC: a descriptor can name a table of descriptors.
  package static var indirectDescriptors: Self { Self(rawValue: 1 << 28) }
  /// VIRTIO_F_VERSION_1: not a legacy device.
  package static var version1: Self { Self(rawValue: 1 << 32) }
  /// VIRTIO_F_ACCESS_PLATFORM: addresses are those the platform gives devices; without an IOMMU in
  /// the guest these are physical addresses, so accepting it costs nothing.
  package static var accessPlatform: Self { Self(rawValue: 1 << 33) }
  /// VIRTIO_F_ORDER_PLATFORM: the device orders memory as a real one would; on x86 nothing changes.
  package static var orderPlatform: Self { Self(rawValue: 1 << 36) }
}

/// Why a virtio device cannot be used.
package enum VirtioError: Error, BitwiseCopyable, Sendable {
  /// Not a virtio device, or a legacy one.
  case notModern
  /// The device's own description of its registers is incomplete or impossible.
  case malformedRegisters
  /// Device memory could not be placed or mapped.
  case unmappable
  /// Another kind of device than the driver is for.
  case wrongKind
  case resetTimedOut
  /// The device does not accept a subset of the features it offered.
  case featuresRefused
  case queueRefused
  /// The device does not do what a command of the control queue says.
  case commandRefused
  case outOfMemory
}
