import Glibc
import HostNetwork

/// Lets gdb in, on a port of 127.0.0.1: a guest stands still from the moment gdb connects until it lets
/// the guest go on.
package final class DebuggerServer: Sendable {
  private let listener: Descriptor
  private let debugger: GuestDebugger

  /// Listens from now on.
  package init(_ debugger: GuestDebugger, port: UInt16) throws(SystemCallError) {
    self.debugger = debugger
    // A debugger that has gone is noticed when it is read from.
    signal(SIGPIPE, SIG_IGN)
    listener = try DebuggerSocket.listen(on: port)
  }

  /// Serves one debugger after the other, for ever.
  package func run() -> Never {
    while true { serveNext() }
  }

  // Inlined into the loop without end, it keeps the optimizer of Swift 6.3.1 busy for ever.
  @inline(never)
  private func serveNext() {
    DebuggerSocket.wait(for: listener)
    guard let socket = DebuggerSocket.accept(from: listener) else { return }
    serve(socket, debugger.standStill())
    // Whether it said goodbye or not.
    _ = debugger.standStill()
    debugger.detach()
  }

  /// Until the debugger leaves.
  private func serve(_ socket: Descriptor, _ stop: DebugStop) {
    var session = RemoteSession(debugger, stop: stop)
    var reader = RemotePacketReader()
    var isRunning = false
    while true {
      let ready = DebuggerSocket.wait(for: socket, debugger.event)
      if isRunning, ready.contains(1), let stop = debugger.takeStop() {
        isRunning = false
        writeAll(RemotePacket.framed(session.stopped(stop)), to: socket.rawValue)
      }
      guard ready.contains(0) else { continue }
      guard let bytes = DebuggerSocket.read(from: socket) else { return }
      for byte in bytes {
        switch reader.take(byte) {
        case nil: break
        case .endless: return
        case .damaged: writeAll([UInt8(ascii: "-")], to: socket.rawValue)
        case .interrupt: if isRunning { debugger.stop() }
        case .packet(let packet):
          // A running guest has nothing to say; gdb waits for it or interrupts.
          guard !isRunning else { return }
          writeAll([UInt8(ascii: "+")], to: socket.rawValue)
          switch session.answer(packet) {
          case .reply(let reply): writeAll(RemotePacket.framed(reply), to: socket.rawValue)
          case .resume(let actions):
            debugger.resume(actions)
            isRunning = true
          case .detach:
            return writeAll(RemotePacket.framed(Array("OK".utf8)), to: socket.rawValue)
          }
        }
      }
    }
  }
}
