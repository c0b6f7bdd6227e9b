import Foundation
import Testing

/// The echo image with several elastic threads.
@Suite(.serialized) struct ManyCoresTests {
  /// A card with one queue pair: the core that has it hands over what it receives, and sends for all.
  /// Not through QEMU's user network, whose listening sockets hold one connection at a time: of 64, some
  /// would wait for the host's retransmissions.
  @Test(.enabled(if: Namespace.isAvailable), arguments: [2, 4])
  func connectionsAreServedByAllCoresBehindOneQueue(cores: Int) throws {
    try Self.expectEchoesFromAllCores(cores, in: Namespace())
  }

  /// A tap with a queue for each core: the card puts packets into their owner's queue by hash.
  @Test(.enabled(if: Namespace.isAvailable), arguments: [2, 4])
  func aCardWithAQueueForEachCoreFindsTheOwnerItself(cores: Int) throws {
    try Self.expectEchoesFromAllCores(cores, in: Namespace(isMultiQueue: true))
  }

  /// So many messages at once that receive queues may run out of buffers. QEMU, where it steers in
  /// software, can then stop reading the queue of the tap that a packet for another core came by: a
  /// load that meets this now and then, beside the driver's own test that always does.
  @Test(.enabled(if: Namespace.isAvailable))
  func aFullReceiveQueueStopsNoOther() throws {
    let namespace = try Namespace(isMultiQueue: true)
    let guest = try Guest(
      "echo", ["--cores", "2", "--memory", "256M", "--spin", "50"] + Guest.onTap, in: namespace)
    #expect(guest.launcher.waitFor("ix: listening on port 7 on 2 cores", seconds: 60))
    let load = try namespace.run(
      EchoTests.load([
        "--address", Namespace.guestAddress, "--connections", "2000", "--messages", "200000",
      ]), seconds: 120)
    #expect(load.status == 0, "\(load.output)")
    #expect(guest.stop().status == 0)
  }

  private static func expectEchoesFromAllCores(_ cores: Int, in namespace: Namespace) throws {
    let guest = try Guest(
      "cores", ["--cores", "\(cores)", "--memory", "256M"] + Guest.onTap, in: namespace)
    #expect(guest.launcher.waitFor("ix: listening on port 7 on \(cores) cores", seconds: 60))
    let address = Namespace.guestAddress
    let ping = try namespace.run(["ping", "-c", "3", "-i", "0.05", address])
    #expect(ping.output.contains(" 0% packet loss"), "\(ping.output)")
    let load = try namespace.run(
      EchoTests.load([
        "--address", address, "--connections", "64", "--messages", "6000", "--minimum-size", "1",
        "--maximum-size", "3000",
      ]), seconds: 120)
    #expect(load.status == 0, "\(load.output)")
    for core in 0..<cores { #expect(guest.launcher.waitFor("cores: core \(core) serves")) }
    let end = guest.stop()
    #expect(end.status == 0, "\(end.output)")
    #expect(!end.output.contains("fault"))
  }

  /// Ring 3 of a core that did not boot the machine has no more rights than that of the first, and
  /// sees nothing of another core.
  @Test(arguments: [
    ("write-kernel-memory", "application fault: page fault"),
    ("write-events", "application fault: page fault"),
    ("write-below-stack", "application fault: page fault"),
    ("privileged-instruction", "application fault: general protection"),
  ])
  func aFaultOnAnotherCoreIsReportedAsItsOwn(rule: String, expected: String) throws {
    let guest = try Guest(
      "cores", ["--cores", "2", "--memory", "128M", "--args", "\(rule) on 1", "--net", "none"])
    let finished = guest.launcher.finish(within: 60)
    #expect(finished.output.contains(expected), "\(finished.output)")
    #expect(finished.output.contains(", core 1\n"), "\(finished.output)")
    #expect(finished.status == 1)
  }

  /// A core writes into its globals, heap and stack; the other finds its own untouched.
  @Test func globalsAndHeapAreEachCoresOwn() throws {
    let guest = try Guest(
      "cores", ["--cores", "4", "--memory", "256M", "--args", "private", "--net", "none"])
    for core in 0..<4 {
      #expect(guest.launcher.waitFor("cores: core \(core) is alone", seconds: 60))
    }
    #expect(guest.stop().status == 0)
  }
}
