/// What a network device has done and refused, since it was set up. All count up and wrap.
package struct VirtioNetworkCounters: BitwiseCopyable, Equatable, Sendable {
  package internal(set) var receivedFrames: UInt64 = 0
  /// Bytes of frames, without the device's header.
  package internal(set) var receivedBytes: UInt64 = 0
  package internal(set) var transmittedFrames: UInt64 = 0
  /// Bytes of frames that were written for the device.
  package internal(set) var transmittedHeaderBytes: UInt64 = 0
  /// Bytes of frames that it read from where they were.
  package internal(set) var transmittedInPlaceBytes: UInt64 = 0
  package var transmittedBytes: UInt64 { transmittedHeaderBytes &+ transmittedInPlaceBytes }

  /// Received and dropped: shorter than the two headers.
  package internal(set) var droppedShort: UInt64 = 0
  /// Frames among the received that were cut off longer segments.
  package internal(set) var cutSegments: UInt64 = 0
  /// Received and dropped: a buffer of a merged segment that was not negotiated or makes no sense.
  package internal(set) var droppedSegmentation: UInt64 = 0
  /// Received and dropped: an incomplete checksum, which was not negotiated.
  package internal(set) var droppedChecksum: UInt64 = 0
  /// Received and dropped: a checksum field outside the frame.
  package internal(set) var droppedChecksumRange: UInt64 = 0

  /// Frames refused because the transmit queue was full or broken.
  package internal(set) var refusedTransmissions: UInt64 = 0
  /// Refills cut short because the pool was empty.
  package internal(set) var shortRefills: UInt64 = 0

  package internal(set) var transmitDoorbells: UInt64 = 0
  package internal(set) var receiveDoorbells: UInt64 = 0
  /// Doorbells rung again because the device was silent.
  package internal(set) var repeatedTransmitDoorbells: UInt64 = 0
  package internal(set) var repeatedReceiveDoorbells: UInt64 = 0

  init() {}
}
