import IXABI

/// What an application does about network events. `run(_:)` calls these methods, one at a time, on
/// the core that owns the connection; a method must return before anything else can happen there.
public protocol Service: ~Copyable {
  /// A peer completed a handshake with a port of `listen(on:)`. Returns whether the connection is
  /// wanted; a connection that is not is reset. Default: it is.
  mutating func accept(_ knock: Knock) -> Bool

  /// A connection is ready: an accepted one, or one from `connect`.
  mutating func connected(_ connection: Connection)

  /// Bytes arrived, in order. They stay where the network card wrote them until `bytes` is sent on
  /// or goes out of scope, which also lets the peer send more.
  /// Default: discards them.
  mutating func received(_ bytes: consuming ReceivedBytes, on connection: Connection)

  /// The peer will send nothing more. Default: closes the connection, after everything handed to
  /// `send` has been acknowledged.
  mutating func peerClosed(_ connection: Connection)

  /// The peer acknowledged bytes: `Connection.unacknowledgedByteCount` is less than it was.
  mutating func sent(_ connection: Connection)

  /// Bytes lent by `Connection.send(lending:token:)` may be changed or freed again: the peer has
  /// acknowledged them, or their connection is gone.
  mutating func returned(loan token: UInt64)

  /// The connection is gone, or could not be made: `connection` must not be used again.
  mutating func ended(_ connection: Connection, reason: Reason)

  /// Whether connections may go to other cores while they are open, so that the control plane can
  /// give and take cores. Default: no, they stay where they began.
  static var connectionsMayMove: Bool { get }

  /// `connection` is to go to another core, where the application has other memory. It has sent
  /// nothing that is not acknowledged, and receives nothing from now on. Returns what `arrived` is
  /// to know about it there; nil when it must not go now, and then this is asked again, for a
  /// quarter of a second. Default: 0, which is right for an application that knows nothing about
  /// its connections.
  mutating func leaving(_ connection: Connection) -> UInt64?

  /// The connection has gone: `connection` must not be used again. Default: does nothing.
  mutating func left(_ connection: Connection)

  /// A connection has come from another core, or has not left this one after all; `word` is what
  /// `leaving` returned. Default: as for `connected`.
  mutating func arrived(_ connection: Connection, word: UInt64)

  /// A datagram arrived on a port of `bind(on:)`. It stays where the network card wrote it until it
  /// is sent back or goes out of scope.
  mutating func received(_ datagram: consuming ReceivedDatagram)

  /// The time of a timer made by `after(_:)` has come. It is gone; `timer` may be compared with
  /// others, nothing else.
  mutating func fired(_ timer: Timer)
}

extension Service where Self: ~Copyable {
  public mutating func accept(_ knock: Knock) -> Bool { true }
  public mutating func connected(_ connection: Connection) {}
  public mutating func received(_ bytes: consuming ReceivedBytes, on connection: Connection) {}
  public mutating func peerClosed(_ connection: Connection) { connection.close() }
  public mutating func sent(_ connection: Connection) {}
  public mutating func returned(loan token: UInt64) {}
  public mutating func ended(_ connection: Connection, reason: Reason) {}
  public static var connectionsMayMove: Bool { false }
  public mutating func leaving(_ connection: Connection) -> UInt64? { 0 }
  public mutating func left(_ connection: Connection) {}
  public mutating func arrived(_ connection: Connection, word: UInt64) { connected(connection) }
  public mutating func received(_ datagram: consuming ReceivedDatagram) {}
  public mutating func fired(_ timer: Timer) {}
}

/// A connection that a peer has opened and nobody has accepted yet.
public struct Knock: BitwiseCopyable, Sendable {
  /// IPv4, host byte order.
  public let remoteAddress: UInt32
  public let remotePort: UInt16
  public let localPort: UInt16
}

/// Lets peers connect to `port`.
///
/// Throws `.portInUse`, `.badArgument` for port 0, or `.noResources`.
public func listen(on port: UInt16) throws(IXError) {
  let status = systemCall(.listen, UInt64(port), 0)
  guard status >= 0 else { throw IXError(status: status) }
}

/// Serves network events until the application exits. Does not return.
public func run(_ service: consuming some Service & ~Copyable) -> Never {
  while true { Core.cycle(&service) }
}

/// Why a connection ended.
public typealias Reason = IXABI.Reason
/// Why the kernel refused something.
public typealias Status = IXABI.Status

/// A system call that the kernel refused.
public struct IXError: Error, BitwiseCopyable, Sendable {
  public let status: Status

  init(_ status: Status) { self.status = status }

  init(status: Int64) {
    self.status = Status(rawValue: Int32(clamping: status)) ?? .unknownCall
  }
}
