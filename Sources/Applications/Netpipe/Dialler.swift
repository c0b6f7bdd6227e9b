#if hasFeature(Embedded)
  import IX

  /// The asking side: sends the next message when all of the last one has come back, and measures.
  struct Dialler: Service {
    private let connection: Connection
    private let byteCount: Int
    private let messageCount: UInt64
    private var completed: UInt64 = 0
    /// Bytes of the current message that have not come back.
    private var awaited = 0
    private var sentAt = Instant.now
    private var total = Interval(nanoseconds: 0)
    private var shortest = Interval(nanoseconds: .max)
    private var longest = Interval(nanoseconds: 0)

    /// Opens the connection to `target`, ADDRESS:PORT; nil when that or another argument makes no
    /// sense or the kernel refuses.
    init?(_ target: RawSpan) {
      guard let (address, port) = Self.parse(target) else { return nil }
      byteCount = Int(clamping: Argument.number(of: "size") ?? 64)
      messageCount = Argument.number(of: "count") ?? 10_000
      guard byteCount > 0, byteCount <= 1 << 20, messageCount > 0,
        let connection = try? connect(to: address, port: port)
      else { return nil }
      self.connection = connection
    }

    private static func parse(_ target: RawSpan) -> (IPv4Address, UInt16)? {
      var colon = 0
      while colon < target.byteCount, target.byte(at: colon) != UInt8(ascii: ":") { colon += 1 }
      guard colon < target.byteCount,
        let address = IPv4Address(target.extracting(0..<colon)),
        let port = UInt64(decimal: target.extracting(colon + 1..<target.byteCount)),
        port > 0, port < 65_536
      else { return nil }
      return (address, UInt16(port))
    }

    mutating func connected(_ connection: Connection) { ask() }

    private mutating func ask() {
      var buffer = SendBuffer(capacity: byteCount)
      for index in 0..<byteCount { buffer.append(UInt8(truncatingIfNeeded: index)) }
      awaited = byteCount
      sentAt = .now
      connection.send(buffer)
    }

    mutating func received(_ bytes: consuming ReceivedBytes, on connection: Connection) {
      guard bytes.byteCount <= awaited else {
        print("netpipe: more came back than was sent")
        exit(status: 1)
      }
      awaited -= bytes.byteCount
      guard awaited == 0 else { return }
      let trip = Instant.now.since(sentAt)
      total.nanoseconds += trip.nanoseconds
      shortest = min(shortest, trip)
      longest = max(longest, trip)
      completed += 1
      if completed == messageCount { finish() } else { ask() }
    }

    mutating func ended(_ connection: Connection, reason: Reason) {
      switch reason {
      case .refused: print("netpipe: refused")
      case .unreachable, .timedOut: print("netpipe: no answer")
      case .none, .closed, .reset, .noResources:
        print("netpipe: the connection ended, round trips ", terminator: "")
        print(completed)
      }
      exit(status: 1)
    }

    private func finish() -> Never {
      print("netpipe: bytes ", terminator: "")
      print(byteCount, terminator: "")
      print(" round trips ", terminator: "")
      print(completed, terminator: "")
      print(" microseconds ", terminator: "")
      print(total.microseconds, terminator: "")
      print(" shortest ", terminator: "")
      print(shortest.microseconds, terminator: "")
      print(" longest ", terminator: "")
      print(longest.microseconds)
      exit()
    }
  }
#endif
