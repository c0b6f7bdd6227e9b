import Histogram

/// What a run has measured.
struct Record {
  let start: UInt64
  /// When the last exchange was finished, or the time was over.
  var end: UInt64
  var finished = 0
  var byteCount = 0
  /// Begun or due before the end, and never finished.
  var unfinished = 0
  /// Connections opened during the run.
  var connectionsOpened = 0
  /// Nanoseconds from when an exchange was due until all of its answer had come.
  var latencies = Histogram<UInt64>(numberOfSignificantValueDigits: .three)

  init(start: UInt64) {
    self.start = start
    end = start
  }

  var seconds: Double { Double(end - start) / 1e9 }
  var rate: Double { seconds > 0 ? Double(finished) / seconds : 0 }

  /// Latency that `percent` of the exchanges do not exceed, in microseconds.
  func microseconds(_ percent: Double) -> Double {
    latencies.totalCount == 0 ? 0 : Double(latencies.valueAtPercentile(percent)) / 1000
  }
}
