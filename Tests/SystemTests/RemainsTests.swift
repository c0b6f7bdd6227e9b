import Foundation
import Testing

/// What is left of a guest on a tap: nothing, however its launcher ends. The tap itself is its owner's,
/// and ready for the next guest.
@Suite(.serialized, .enabled(if: Namespace.isAvailable)) struct RemainsTests {
  private let namespace: Namespace
  private let name = "remains-\(getpid())"

  init() throws { namespace = try Namespace() }

  private func start() throws -> Guest {
    let guest = try Guest("echo", Guest.onTap + ["--name", name], in: namespace)
    #expect(guest.waitUntilListening())
    return guest
  }

  /// Whether somebody is attached to the tap.
  private func isInUse() throws -> Bool {
    try namespace.run(["cat", "/sys/class/net/tap0/carrier"]).output == "1\n"
  }

  /// The state of the dataplane, or nil when there is none of this name.
  private func state() throws -> String? {
    let list = try shell([product("release/ixlaunch"), "list"]).output
    let line = list.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
    return line?.split(separator: " ").dropFirst().first.map { String($0) }
  }

  private func waits(until condition: () throws -> Bool) rethrows -> Bool {
    for _ in 0..<200 {
      if try condition() { return true }
      usleep(50_000)
    }
    return false
  }

  @Test func aTapThatAnotherGuestHasIsRefused() throws {
    let first = try start()
    let second = try Guest("echo", Guest.onTap, in: namespace).launcher.finish()
    #expect(second.status == 3)
    let sentences = second.output.split(separator: "\n").dropFirst().filter {
      $0.hasPrefix("ixlaunch: ")
    }
    #expect(sentences.count == 1)
    #expect(sentences.first?.contains("tap0") == true)
    #expect(sentences.first?.contains("Device or resource busy") == true)
    let ping = try namespace.run(["ping", "-c", "1", "-w", "10", Namespace.guestAddress])
    #expect(ping.status == 0)
    #expect(first.stop().status == 0)
    #expect(try !isInUse())
    #expect(try state() == nil)
  }

  /// With SIGKILL the name is all that stays, until somebody takes or forgets it.
  @Test(arguments: [(SIGTERM, nil), (SIGKILL, "crashed")] as [(Int32, String?)])
  func aLauncherThatEndsTakesItsGuestWithIt(signal: Int32, left: String?) throws {
    let guest = try start()
    let children = try shell(["pgrep", "-P", "\(guest.launcher.identifier)"]).output
      .split(separator: "\n").compactMap { Int32($0) }
    #expect(children.count == 1)
    #expect(try isInUse())
    kill(guest.launcher.identifier, signal)
    let end = guest.launcher.finish()
    if signal == SIGTERM { #expect(end.status == 0, "\(end.output)") }
    for child in children { #expect(waits { kill(child, 0) != 0 }, "process \(child)") }
    #expect(try waits { try !isInUse() })
    #expect(try state() == left)
    let next = try start()
    #expect(next.stop().status == 0)
    #expect(try state() == nil)
  }
}
