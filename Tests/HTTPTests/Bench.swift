@testable import HTTP

/// A session, a small site, and what the client has received.
struct Bench {
  static let files: [(path: String, content: String)] = [
    ("/index.html", "<h1>IX</h1>\n"), ("/a.txt", "0123456789"), ("/empty.css", ""),
    ("/docs/index.html", "docs"), ("/docs/b.json", "{}"), ("/a b/\u{FC}.svg", "<svg/>"),
    ("/noextension", "raw"),
  ]
  static let archive = pack(files)

  static func pack(_ files: [(path: String, content: String)]) -> [UInt8] {
    do {
      var writer = SiteArchiveWriter()
      for (path, content) in files { try writer.add(Array(content.utf8), at: Array(path.utf8)) }
      return try writer.archive()
    } catch {
      fatalError("\(error)")
    }
  }

  /// Collects replies; has room until `limit` bytes have been sent.
  struct Output: ReplyOutput {
    var bytes: [UInt8] = []
    var limit = Int.max

    var hasRoom: Bool { bytes.count < limit }

    mutating func send(copying span: RawSpan) { bytes.append(span) }

    mutating func send(content range: Range<Int>) { bytes += Bench.archive[range] }
  }

  var session = Session()
  var server = Server()
  var output = Output()

  init(limits: Limits = Limits(), room: Int = .max) {
    server.limits = limits
    output.limit = room
  }

  var text: String { String(decoding: output.bytes, as: UTF8.self) }

  /// Hands over one segment; returns how much of it was taken.
  @discardableResult
  mutating func receive(_ bytes: some Sequence<UInt8>, from start: Int = 0) -> Int {
    let copy = Array(bytes)
    return session.receive(
      copy.rawSpan, from: start, server: &server,
      site: SiteArchive(accepted: Self.archive.rawSpan), output: &output)
  }

  /// The client has taken too long.
  mutating func expire() {
    session.expire(
      server: &server, site: SiteArchive(accepted: Self.archive.rawSpan), output: &output)
  }

  /// The replies to a stream that arrives at once.
  static func replies(to stream: String, limits: Limits = Limits()) -> String {
    var bench = Bench(limits: limits)
    bench.receive(stream.utf8)
    return bench.text
  }

  /// The status codes of the replies to a stream, and "closed" if the connection is.
  static func outcome(of stream: String, limits: Limits = Limits()) -> String {
    var bench = Bench(limits: limits)
    bench.receive(stream.utf8)
    let codes = bench.text.components(of: "HTTP/1.1 ").dropFirst().map { String($0.prefix(3)) }
    return (codes + (bench.session.isClosed ? ["closed"] : [])).joined(separator: " ")
  }

  /// A GET of HTTP/1.1 with more header lines.
  static func get(_ path: String, _ lines: String...) -> String {
    "GET \(path) HTTP/1.1\r\nHost: ix\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n"
  }
}

extension String {
  /// The parts between occurrences of `separator`.
  func components(of separator: String) -> [Substring] {
    var parts: [Substring] = []
    var start = startIndex
    var index = startIndex
    while index < endIndex {
      if self[index...].utf8.starts(with: separator.utf8) {
        parts.append(self[start..<index])
        index = self.utf8.index(index, offsetBy: separator.utf8.count)
        start = index
      } else {
        index = self.utf8.index(after: index)
      }
    }
    return parts + [self[start...]]
  }
}

/// Reproducible random numbers (SplitMix64).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }
}
