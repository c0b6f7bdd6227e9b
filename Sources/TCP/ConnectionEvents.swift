import IXABI

/// Where an endpoint reports what happened to connections; in a dataplane, the array of event
/// conditions.
package protocol ConnectionEvents: ~Copyable {
  /// Events that can be recorded now. The endpoint keeps what does not fit for the next cycle.
  var roomCount: Int { get }

  mutating func knock(_ handle: Handle, flow: Flow)
  /// The outcome of a connection attempt; `.none` when it succeeded.
  mutating func connected(_ handle: Handle, cookie: UInt64, reason: Reason)
  /// Whether `received` may report acknowledged bytes, too.
  var mergesSent: Bool { get }
  /// `byteCount` bytes from `offset` of a pool buffer are lent to the application; before that,
  /// `acknowledged` bytes were, as in `sent`, which is zero unless `mergesSent`.
  mutating func received(
    _ handle: Handle, cookie: UInt64, buffer: UInt32, offset: Int, byteCount: Int,
    acknowledged: UInt32, window: UInt32)
  /// The same, of nothing acknowledged.
  mutating func received(
    _ handle: Handle, cookie: UInt64, buffer: UInt32, offset: Int, byteCount: Int)
  /// `byteCount` bytes were acknowledged and belong to the application again; `window` bytes may be
  /// sent without waiting.
  mutating func sent(_ handle: Handle, cookie: UInt64, byteCount: Int, window: Int)
  mutating func peerClosed(_ handle: Handle, cookie: UInt64)
  /// The handle is invalid from now on.
  mutating func dead(_ handle: Handle, cookie: UInt64, reason: Reason)
  /// Whether the application answers `leaving`; otherwise its connections stay where they are.
  var letsConnectionsGo: Bool { get }
  /// The connection is to go to another core; nothing is received until `leave` or `arrived`.
  mutating func leaving(_ handle: Handle, cookie: UInt64)
  /// The connection has come from another core, or has stayed after all: to be accepted again.
  mutating func arrived(_ handle: Handle, cookie: UInt64, flow: Flow)
}

extension ConnectionEvents where Self: ~Copyable {
  package var mergesSent: Bool { false }
  package var letsConnectionsGo: Bool { false }
  package mutating func leaving(_ handle: Handle, cookie: UInt64) {
    preconditionFailure("this application was not to be asked")
  }
  package mutating func arrived(_ handle: Handle, cookie: UInt64, flow: Flow) {
    preconditionFailure("no connection of this application can travel")
  }
  package mutating func received(
    _ handle: Handle, cookie: UInt64, buffer: UInt32, offset: Int, byteCount: Int,
    acknowledged: UInt32, window: UInt32
  ) {
    precondition(acknowledged == 0, "acknowledged bytes are reported apart")
    received(handle, cookie: cookie, buffer: buffer, offset: offset, byteCount: byteCount)
  }
}

/// Nobody is told anything now: everything waits in the endpoint.
package struct NoEvents: ConnectionEvents, ~Copyable {
  package init() {}

  package var roomCount: Int { 0 }
  package mutating func knock(_ handle: Handle, flow: Flow) { refuse() }
  package mutating func connected(_ handle: Handle, cookie: UInt64, reason: Reason) { refuse() }
  package mutating func received(
    _ handle: Handle, cookie: UInt64, buffer: UInt32, offset: Int, byteCount: Int
  ) { refuse() }
  package mutating func sent(_ handle: Handle, cookie: UInt64, byteCount: Int, window: Int) {
    refuse()
  }
  package mutating func peerClosed(_ handle: Handle, cookie: UInt64) { refuse() }
  package mutating func dead(_ handle: Handle, cookie: UInt64, reason: Reason) { refuse() }

  private func refuse() -> Never { preconditionFailure("an event without room for it") }
}
