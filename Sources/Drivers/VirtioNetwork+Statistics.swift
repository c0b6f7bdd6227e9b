import Packets

extension VirtioNetwork {
  /// Received frames that wait in the ring. Reads a word of it.
  package var waitingFrameCount: Int { receiveQueue.waitingCount }

  package var statistics: DeviceStatistics {
    var statistics = DeviceStatistics()
    statistics.waitingFrameCount = waitingFrameCount
    statistics.postedBufferCount = receiveQueue.inFlightCount
    statistics.receivedFrames = counters.receivedFrames
    statistics.receivedBytes = counters.receivedBytes
    statistics.transmittedFrames = counters.transmittedFrames
    statistics.transmittedHeaderBytes = counters.transmittedHeaderBytes
    statistics.transmittedInPlaceBytes = counters.transmittedInPlaceBytes
    statistics.transmitDoorbells = counters.transmitDoorbells
    statistics.receiveDoorbells = counters.receiveDoorbells
    statistics.repeatedDoorbells =
      counters.repeatedTransmitDoorbells &+ counters.repeatedReceiveDoorbells
    statistics.refusedTransmissions = counters.refusedTransmissions
    statistics.shortRefills = counters.shortRefills
    statistics.droppedShort = counters.droppedShort
    statistics.droppedSegmentation = counters.droppedSegmentation
    statistics.droppedChecksum = counters.droppedChecksum
    statistics.droppedChecksumRange = counters.droppedChecksumRange
    return statistics
  }
}
