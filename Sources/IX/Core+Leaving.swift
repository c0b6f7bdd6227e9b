import CIXABI
import IXABI

// Connections that go to other cores, and that come from there. What is queued or in flight lies in
// this core's memory, so that a connection goes only when there is nothing of the kind.

/// A connection that is wanted on another core.
struct Leaving: BitwiseCopyable {
  let connection: Connection
  let askedAt: Instant

  /// The kernel does not wait longer.
  static var patience: Interval { .milliseconds(250) }
}

extension Core {
  /// The kernel asks for a connection.
  mutating func noteLeaving(_ connection: Connection) {
    leaving.append(Leaving(connection: connection, askedAt: .now))
  }

  /// Lets connections at rest go, at the end of a round.
  @inline(never)
  static func letConnectionsGo(by service: inout some Service & ~Copyable) {
    let waiting = Core.current.leaving
    Core.current.leaving = []
    for one in waiting where !letGo(one.connection, by: &service) {
      if Instant.now.since(one.askedAt) < Leaving.patience { Core.current.leaving.append(one) }
    }
  }

  /// False when it must be tried again: the connection is not at rest, or the service keeps it.
  private static func letGo(
    _ connection: Connection, by service: inout some Service & ~Copyable
  ) -> Bool {
    guard let index = Core.current.session(of: connection) else { return true }
    guard Core.current.sessions[index].isAtRest, let word = service.leaving(connection) else {
      return false
    }
    // The service may have sent something, or closed the connection.
    guard let index = Core.current.session(of: connection), Core.current.sessions[index].isAtRest
    else { return false }
    var call = CallDescriptor(.tcpLeave, handle: Core.current.sessions[index].handle)
    call.cookie = word
    let result = Core.current.perform(call)
    guard result == 0 else {
      // The service still holds received bytes; otherwise the connection stays.
      return result != Int64(Status.noResources.rawValue)
    }
    Core.current.forget(index)
    service.left(connection)
    return true
  }

  /// A connection has come, perhaps from this core.
  @inline(never)
  static func arrived(
    _ event: EventDescriptor, at service: inout some Service & ~Copyable
  ) {
    let connection = Core.current.open(handle: event.handle)
    var call = CallDescriptor(.tcpAccept, handle: event.handle)
    call.cookie = connection.cookie
    Core.current.issue(call)
    service.arrived(connection, word: event.cookie)
  }
}

extension Session {
  /// Nothing waits to be sent or acknowledged.
  fileprivate var isAtRest: Bool {
    unacknowledgedByteCount == 0 && facts.lacks(.queued | .unsent | .closing)
  }
}
