import Testing

@testable import HTTP

@Suite struct PatienceTests {
  /// A client that has sent `pieces`, one a second, and then nothing.
  private func clock(after pieces: [String]) -> (ClientClock, Session) {
    var bench = Bench()
    var clock = ClientClock()
    clock.note(.request, at: 0)
    for (second, piece) in pieces.enumerated() {
      bench.receive(piece.utf8)
      clock.note(bench.session.wait, at: UInt32(second))
    }
    return (clock, bench.session)
  }

  /// The seconds at which a client is first overdue.
  private func end(_ clock: ClientClock) -> UInt32? {
    (0...200).first { clock.overdue(at: $0, Patience()) != nil }
  }

  @Test func oneThatSendsNothingHasAMinute() { #expect(end(clock(after: []).0) == 61) }

  @Test func everyRequestGivesAnotherMinute() {
    #expect(end(clock(after: [Bench.get("/"), Bench.get("/"), Bench.get("/")]).0) == 63)
  }

  /// A byte of a head every second gains nothing.
  @Test func aHeadMustBeCompleteInTenSeconds() {
    let slow = ["GET / HT"] + Array(repeating: "T", count: 40)
    #expect(end(clock(after: slow).0) == 11)
    #expect(end(clock(after: ["\r", "\n", "G"]).0) == 13)
  }

  @Test func aBodyMustBeCompleteInThirtySeconds() {
    let head = Bench.get("/", "Content-Length: 1000")
    #expect(end(clock(after: [head] + Array(repeating: "x", count: 50)).0) == 31)
    let chunked = Bench.get("/", "Transfer-Encoding: chunked")
    #expect(end(clock(after: [chunked, "5\r\nab"]).0) == 31)
  }

  @Test func aReplyMayWaitAsLongAsSomeOfItIsTaken() {
    var clock = ClientClock()
    for second in stride(from: UInt32(0), through: 100, by: 10) { clock.note(.reply, at: second) }
    #expect(end(clock) == 161)
  }

  @Test func aClosedConnectionIsNeverOverdue() {
    let (clock, session) = clock(after: ["nonsense\r\n\r\n"])
    #expect(session.isClosed)
    #expect(end(clock) == nil)
  }

  @Test func theClockMayWrap() {
    var clock = ClientClock()
    clock.note(.head, at: .max - 3)
    #expect(clock.overdue(at: 5, Patience()) == nil)
    #expect(clock.overdue(at: 7, Patience()) == .head)
  }

  @Test(arguments: [
    ("", ""), ("GET / HTTP/1.1\r\nHos", "408"), (Bench.get("/", "Content-Length: 3") + "ab", "408"),
    (Bench.get("/"), ""),
  ])
  func onlyHalfARequestIsAnswered(sent: String, status: String) {
    var bench = Bench()
    bench.receive(sent.utf8)
    let before = bench.text.utf8.count
    bench.expire()
    let reply = String(decoding: bench.output.bytes.dropFirst(before), as: UTF8.self)
    #expect(reply.dropFirst("HTTP/1.1 ".count).prefix(3) == status)
    #expect(bench.session.isClosed == !status.isEmpty)
    #expect(bench.server.counters.replyCount(.requestTimeout) == (status.isEmpty ? 0 : 1))
  }
}
