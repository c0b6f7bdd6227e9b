import ArgumentParser
import CDPDK
import Foundation
import Poller

/// Serves a guest as its network card's back end: a DPDK port at one side, vhost-user at the other.
@main
struct IXNet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ixnet",
    abstract: "Connect a guest's network card (vhost-user) to a DPDK port.",
    discussion: """
      `ixlaunch run --net dpdk:DEVARGS` starts it. On its own it serves any vhost-user front end. \
      SIGUSR1 prints the counters, as the end does.
      """,
    version: "0.1.0")

  /// Buffers for frames of `bufferByteCount` bytes; what DPDK may use beside them, MiB.
  private static let bufferCount: UInt32 = 8_191
  private static let bufferByteCount: UInt32 = 2_048
  private static let memoryMegabytes: UInt32 = 128

  @Argument(help: "The port: net_tap0,iface=NAME; net_af_packet0,iface=NAME; a PCI address; ...")
  var device: String

  @Option(help: "Where to listen for the guest. (default: in a new folder that only we may enter)")
  var socket: String?

  @Option(help: "Most queue pairs of the guest, 1 to 64.")
  var queues = 1

  @Option(help: "Microseconds without a frame after which it takes naps.")
  var spin: UInt32 = 1_000

  @Flag(help: "Never take a nap: the core is the poller's alone.")
  var alwaysSpin = false

  @Flag(help: "Use huge pages, which the host must have reserved.")
  var hugePages = false

  @Flag(name: .shortAndLong, help: "Show everything DPDK says about errors.")
  var verbose = false

  @Flag(help: "Serve one guest, and end with it.")
  var forGuest = false

  @Flag(help: "End with the process that started this one.")
  var withParent = false

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as PollerError {
      FileHandle.standardError.write(Data("ixnet: \(error)\n".utf8))
      Foundation.exit(3)
    } catch {
      exit(withError: error)
    }
  }

  mutating func validate() throws {
    guard (1...64).contains(queues) else { throw ValidationError("--queues: give 1 to 64") }
  }

  func run() throws {
    try PollerError.check("signals", ix_requests_open(withParent))
    try start()
    defer { ix_dpdk_stop() }
    let port = try Port(device, queueCount: queues)
    defer { port.stop() }
    let place = try SocketPlace(socket)
    defer { place.remove() }
    let guest = try GuestPort(at: place)
    defer { guest.close() }
    try PollerConfinement.begin(at: place, driver: port.driver)
    Self.say(
      """
      ready: \(device) (\(port.driver)), \(port.queueCount) queues\(port.hashes ? ", hashing" : ""), \
      at \(place.path)
      """)
    var loop = PollingLoop(
      port: port, guest: guest, spin: alwaysSpin ? nil : UInt64(spin) * 1_000,
      endsWithGuest: forGuest, report: Self.report)
    loop.run()
    Self.report(loop.counters)
  }

  private func start() throws(PollerError) {
    _ = unsafe ix_dpdk_words(verbose)
    // SAFETY: the device's name is a terminated string for the duration of the call.
    let result = unsafe ix_dpdk_start(device, isPCI, hugePages, Self.memoryMegabytes)
    try PollerError.check(device, result)
    try PollerError.check("buffers", ix_buffers_make(Self.bufferCount, Self.bufferByteCount))
  }

  /// "0000:01:00.0" or "01:00.0", with arguments behind a comma; virtual devices have names.
  private var isPCI: Bool { device.prefix { $0 != "," }.contains(":") }

  private static func report(_ counters: PollerCounters) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard let data = try? encoder.encode(counters) else { return }
    say("counters " + String(decoding: data, as: UTF8.self))
  }

  private static func say(_ text: String) {
    try? FileHandle.standardOutput.write(contentsOf: Data("ixnet: \(text)\n".utf8))
  }
}
