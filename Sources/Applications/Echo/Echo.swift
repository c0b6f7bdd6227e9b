#if hasFeature(Embedded)
  import IX

  /// Sends everything back from where it arrived, over TCP and UDP (RFC 862).
  @main
  struct Echo: Service {
    static func main() {
      do throws(IXError) {
        try listen(on: 7)
        try bind(on: 7)
      } catch {
        print("echo: port 7 cannot be listened on")
        exit(status: 1)
      }
      run(Echo())
    }

    static var connectionsMayMove: Bool { true }

    mutating func received(_ bytes: consuming ReceivedBytes, on connection: Connection) {
      connection.send(bytes)
    }

    mutating func received(_ datagram: consuming ReceivedDatagram) { datagram.sendBack() }
  }
#else
  @main struct HostStub { static func main() {} }
#endif
