import Foundation
import Testing

/// An application that does not come back, or gives nothing back, harms only itself.
@Suite(.serialized, .enabled(if: Namespace.isAvailable)) struct AbsenceTests {
  /// Pings and ARP are answered.
  static func expectAnswers(in namespace: Namespace) throws {
    let address = Namespace.guestAddress
    let ping = try namespace.run(["ping", "-c", "20", "-i", "0.05", "-s", "1400", address])
    #expect(ping.output.contains(" 0% packet loss"), "\(ping.output)")
    let arping = try namespace.run(["arping", "-c", "2", "-I", "tap0", address])
    #expect(arping.status == 0, "\(arping.output)")
  }

  @Test func aGuestWhoseApplicationNeverPollsAnswers() throws {
    let namespace = try Namespace()
    let guest = try Guest("probe", Guest.onTap + ["--args", "stay-away"], in: namespace)
    #expect(guest.launcher.waitFor("probe: staying away", seconds: 30))
    try Self.expectAnswers(in: namespace)
    #expect(guest.stop().status == 0)
  }

  /// Everything sent arrives, FIN included, and others can still connect.
  @Test func connectionsOfAnAbsentApplicationAreAcknowledged() throws {
    let namespace = try Namespace()
    let arguments = ["--args", "accept-and-stay-away"]
    let guest = try Guest("probe", Guest.onTap + arguments, in: namespace)
    #expect(guest.waitUntilListening())
    let address = Namespace.guestAddress
    let script = """
      exec 3<>/dev/tcp/\(address)/7; echo hello >&3; sleep 0.5; head -c 30000 /dev/zero >&3
      exec 3>&-; for i in $(seq 50); do sleep 0.1
      ss -Htan state fin-wait-2 | grep -q \(address):7 && exit 0; done; ss -tan; exit 1
      """
    let sent = try namespace.run(["timeout", "-s", "KILL", "20", "bash", "-c", script])
    #expect(sent.status == 0, "\(sent.output)")
    #expect(guest.launcher.waitFor("probe: staying away", seconds: 5))
    let second = try namespace.run(["nc", "-z", "-w", "5", address, "7"])
    #expect(second.status == 0)
    try Self.expectAnswers(in: namespace)
    #expect(guest.stop().status == 0)
  }

  @Test func anApplicationThatHoldsEveryBufferStarvesOnlyItself() throws {
    let namespace = try Namespace()
    let guest = try Guest("probe", Guest.onTap + ["--args", "hold-every-buffer"], in: namespace)
    #expect(guest.waitUntilListening())
    let address = Namespace.guestAddress
    let script = """
      for i in {1..2600}; do echo x > /dev/udp/\(address)/7; done
      for i in {1..24}; do
        (timeout -s KILL 6 head -c 2M /dev/zero > /dev/tcp/\(address)/7) 2> /dev/null & done; wait
      """
    let load = try Running(namespace.inside(["timeout", "-s", "KILL", "30", "bash", "-c", script]))
    #expect(guest.launcher.waitFor("probe: holding 3500 buffers", seconds: 30))
    try Self.expectAnswers(in: namespace)
    let another = try namespace.run(["nc", "-z", "-w", "5", address, "7"])
    #expect(another.status == 0)
    load.finish(within: 30)
    let end = guest.stop()
    #expect(end.status == 0, "\(end.output)")
  }
}
