#if hasFeature(Embedded)
  import IX

  /// Echoes on port 7 what takes time: for every piece received the core executes `turns=N` turns of a
  /// loop first. So few messages a second keep a core busy, and a client is not what a load is limited by.
  @main
  struct Work: Service {
    private let turns = Argument.number(of: "turns") ?? 100_000

    static func main() {
      do throws(IXError) {
        try listen(on: 7)
      } catch {
        print("work: port 7 cannot be listened on")
        exit(status: 1)
      }
      run(Work())
    }

    static var connectionsMayMove: Bool { true }

    mutating func received(_ bytes: consuming ReceivedBytes, on connection: Connection) {
      // xorshift64: no turn can be left out.
      var state: UInt64 = 1 | UInt64(truncatingIfNeeded: bytes.byteCount)
      for _ in 0..<turns {
        state ^= state &<< 13
        state ^= state &>> 7
        state ^= state &<< 17
      }
      // The state is never zero.
      if state == 0 { return }
      connection.send(bytes)
    }
  }
#else
  @main struct HostStub { static func main() {} }
#endif
