import CIXABI
import IXABI

extension Core {
  /// One turn of the loop. Not a method: services come back to `Core.current`, so no access to it
  /// may span a call of theirs.
  static func cycle<Application: Service & ~Copyable>(_ service: inout Application) {
    let count = Core.current.poll(letsConnectionsGo: Application.connectionsMayMove)
    var index = 0
    while index < count {
      dispatch(Core.current.event(index), to: &service)
      index &+= 1
    }
    while let token = Core.current.returnedLoans.popLast() { service.returned(loan: token) }
    if !Core.current.leaving.isEmpty { letConnectionsGo(by: &service) }
  }

  @inline(__always)
  private static func dispatch(_ event: Event, to service: inout some Service & ~Copyable) {
    let kind = event.descriptor.kind
    if kind == EventKind.tcpReceived.rawValue { return received(event.descriptor, by: &service) }
    if kind == EventKind.tcpSent.rawValue {
      let connection = Connection(cookie: event.descriptor.cookie)
      return acknowledged(event.descriptor.byte_count, on: connection, by: &service)
    }
    dispatchOther(event.descriptor, to: &service)
  }

  @inline(never)
  private static func dispatchOther(
    _ event: EventDescriptor, to service: inout some Service & ~Copyable
  ) {
    guard let kind = EventKind(rawValue: event.kind) else { return }
    switch kind {
    case .tcpKnock: knocked(event, at: &service)
    case .tcpPeerClosed: closedByPeer(event, at: &service)
    case .tcpDead: died(event, at: &service)
    case .tcpConnected: connected(event, by: &service)
    case .udpReceived: service.received(ReceivedDatagram(event))
    case .udpSent: Core.current.finishDatagram(cookie: event.cookie)
    case .timerFired:
      let timer = Timer(cookie: event.cookie)
      if Core.current.finish(timer) { service.fired(timer) }
    case .tcpLeaving: Core.current.noteLeaving(Connection(cookie: event.cookie))
    case .tcpArrived: arrived(event, at: &service)
    case .tcpReceived, .tcpSent, .none, .message: break
    }
  }

  @inline(__always)
  private static func received(
    _ event: borrowing EventDescriptor, by service: inout some Service & ~Copyable
  ) {
    // Whatever happens to them, letting these bytes go returns their buffer.
    let bytes = ReceivedBytes(event)
    let connection = Connection(cookie: event.cookie)
    if event.acknowledged > 0 { acknowledged(event.acknowledged, on: connection, by: &service) }
    guard Core.current.isOpen(connection) else { return }
    service.received(bytes, on: connection)
  }

  @inline(__always)
  private static func acknowledged(
    _ byteCount: UInt32, on connection: Connection, by service: inout some Service & ~Copyable
  ) {
    guard let index = Core.current.session(of: connection) else { return }
    let isOpen = Core.current.acknowledged(index, byteCount: byteCount)
    if isOpen { service.sent(connection) }
  }

  @inline(never)
  private static func knocked(_ event: EventDescriptor, at service: inout some Service & ~Copyable)
  {
    let knock = Knock(
      remoteAddress: event.remote_address, remotePort: event.remote_port,
      localPort: event.local_port)
    guard service.accept(knock) else {
      return Core.current.issue(CallDescriptor(.tcpReject, handle: event.handle))
    }
    let connection = Core.current.open(handle: event.handle)
    var call = CallDescriptor(.tcpAccept, handle: event.handle)
    call.cookie = connection.cookie
    Core.current.issue(call)
    service.connected(connection)
  }

  @inline(never)
  private static func closedByPeer(
    _ event: EventDescriptor, at service: inout some Service & ~Copyable
  ) {
    let connection = Connection(cookie: event.cookie)
    guard let index = Core.current.session(of: connection) else { return }
    if !Core.current.sessions[index].facts.contains(.closing) { service.peerClosed(connection) }
  }

  /// A connection of `connect` was made, or was not.
  @inline(never)
  private static func connected(
    _ event: EventDescriptor, by service: inout some Service & ~Copyable
  ) {
    guard event.reason == Reason.none.rawValue else { return died(event, at: &service) }
    let connection = Connection(cookie: event.cookie)
    guard let index = Core.current.session(of: connection) else { return }
    if !Core.current.sessions[index].facts.contains(.closing) { service.connected(connection) }
  }

  @inline(never)
  private static func died(_ event: EventDescriptor, at service: inout some Service & ~Copyable) {
    let connection = Connection(cookie: event.cookie)
    guard let index = Core.current.session(of: connection) else { return }
    let wasClosing = Core.current.sessions[index].facts.contains(.closing)
    Core.current.forget(index)
    guard !wasClosing else { return }
    service.ended(connection, reason: Reason(rawValue: event.reason) ?? .none)
  }
}

extension CallDescriptor {
  init(_ operation: Operation, handle: UInt64) {
    self.init()
    self.operation = operation.rawValue
    self.handle = handle
  }
}
