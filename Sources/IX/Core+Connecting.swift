import CIXABI
import IXABI

/// Opens a connection. It can be used at once: what is sent now leaves when the peer has answered.
/// `Service.connected` tells when it has, `Service.ended` with a reason when it has not.
///
/// Throws `.badArgument` for an address or port nobody can have, `.noResources` when there are too
/// many connections, and whatever else the kernel finds wrong at once.
public func connect(to address: IPv4Address, port: UInt16) throws(IXError) -> Connection {
  let (connection, status) = Core.current.connect(to: address, port: port)
  guard status >= 0 else { throw IXError(status: status) }
  return connection
}

extension Core {
  /// The call's result is the handle, so the batch must run; nothing is received meanwhile.
  mutating func connect(to address: IPv4Address, port: UInt16) -> (Connection, Int64) {
    let connection = open(handle: 0)
    var call = CallDescriptor(.tcpConnect, handle: 0)
    call.cookie = connection.cookie
    call.remote_address = address.rawValue
    call.remote_port = port
    let result = perform(call)
    if result < 0 {
      forget(connection.index)
    } else {
      sessions[connection.index].handle = UInt64(result)
    }
    return (connection, result)
  }

  /// Sets an option of a connection that is open; the longest interval is 49 days.
  mutating func configure(_ connection: Connection, _ option: ConnectionOption, value: UInt64) {
    guard let index = session(of: connection) else { return }
    var call = CallDescriptor(.tcpConfigure, handle: sessions[index].handle)
    call.buffer = option.rawValue
    call.byte_count = min(value, UInt64(UInt32.max))
    issue(call)
  }
}
