/// What a network device has done since it was set up. All but the first two count up and wrap.
package struct DeviceStatistics: BitwiseCopyable, Sendable {
  /// Received frames that nobody has taken yet.
  package var waitingFrameCount = 0
  /// Buffers that wait in the device for frames.
  package var postedBufferCount = 0
  package var receivedFrames: UInt64 = 0
  package var receivedBytes: UInt64 = 0
  package var transmittedFrames: UInt64 = 0
  /// Bytes that were written for the device: link, network and transport headers.
  package var transmittedHeaderBytes: UInt64 = 0
  /// Bytes that the device read from where the application or another frame has them.
  package var transmittedInPlaceBytes: UInt64 = 0
  package var transmitDoorbells: UInt64 = 0
  package var receiveDoorbells: UInt64 = 0
  package var repeatedDoorbells: UInt64 = 0
  package var refusedTransmissions: UInt64 = 0
  package var shortRefills: UInt64 = 0

  // Received frames that were dropped.
  package var droppedShort: UInt64 = 0
  package var droppedSegmentation: UInt64 = 0
  package var droppedChecksum: UInt64 = 0
  package var droppedChecksumRange: UInt64 = 0

  package init() {}
}
