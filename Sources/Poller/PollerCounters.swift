/// What a poller has moved and dropped, and why.
package struct PollerCounters: Encodable, Equatable, Sendable {
  /// From the guest to the port.
  package var sentFrames: UInt64 = 0
  package var sentBytes: UInt64 = 0
  /// From the port to the guest.
  package var receivedFrames: UInt64 = 0
  package var receivedBytes: UInt64 = 0

  /// Work done here because the port cannot.
  package var completedChecksums: UInt64 = 0
  package var cutFrames: UInt64 = 0
  /// Frames whose right checksum the guest need not look at.
  package var vouchedFrames: UInt64 = 0

  package var droppedLength: UInt64 = 0
  package var droppedRequest: UInt64 = 0
  package var droppedNoBuffer: UInt64 = 0
  package var droppedByPort: UInt64 = 0
  package var droppedByGuest: UInt64 = 0

  package init() {}
}
