import CLinux

/// What ends a wait for the other side of a socket.
enum SocketWatch {
  case none
  /// The other side has gone.
  case end
  case event

  /// `socket` may be -1: then only the event and the time count.
  static func wait(_ socket: Int32, _ event: Descriptor, milliseconds: Int32) -> Self {
    switch ix_unix_watch(socket, event.rawValue, milliseconds) {
    case 1: .end
    case 2: .event
    default: .none
    }
  }
}
