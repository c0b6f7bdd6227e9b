#if hasFeature(Embedded)
  import IX

  /// Ping-pong: a message goes there and back, one at a time, as NetPIPE does it (Snell, Mikler and
  /// Gustafson, 1996). Without `connect=` it is the answering side.
  @main
  struct Netpipe {
    static func main() {
      guard let target = Argument.value(of: "connect") else { answer() }
      guard let dialler = Dialler(target) else {
        print("netpipe: connect=ADDRESS:PORT size=BYTES count=MESSAGES")
        exit(status: 2)
      }
      run(dialler)
    }

    private static func answer() -> Never {
      do throws(IXError) {
        try listen(on: 5002)
      } catch {
        print("netpipe: port 5002 cannot be listened on")
        exit(status: 1)
      }
      run(Answerer())
    }
  }

  /// Sends back what arrives.
  struct Answerer: Service {
    mutating func received(_ bytes: consuming ReceivedBytes, on connection: Connection) {
      connection.send(bytes)
    }
  }
#else
  @main struct HostStub { static func main() {} }
#endif
