import Foundation

/// A network namespace, usually with a tap device, made for one test and gone with it. Nothing in it can
/// reach any other network.
final class Namespace {
  let name: String
  static let hostAddress = "10.9.0.1"
  static let guestAddress = "10.9.0.2"

  /// Namespaces need the right to make network devices.
  static var isAvailable: Bool {
    geteuid() == 0 && FileManager.default.fileExists(atPath: "/dev/net/tun")
  }

  init(hasTap: Bool = true, isMultiQueue: Bool = false) throws {
    name = "ixtest-\(getpid())-\(UInt32.random(in: 0...9999))"
    try Self.need(["ip", "netns", "add", name])
    try Self.need(inside(["ip", "link", "set", "lo", "up"]))
    guard hasTap else { return }
    let queues = isMultiQueue ? ["multi_queue"] : []
    try Self.need(inside(["ip", "tuntap", "add", "tap0", "mode", "tap", "vnet_hdr"] + queues))
    try configure("tap0")
  }

  private static func need(_ command: [String]) throws {
    let finished = try shell(command)
    guard finished.status == 0 else { throw CommandFailed(command: command, finished: finished) }
  }

  /// Gives the host's address to an interface that is there or appears soon.
  func configure(_ interface: String) throws {
    for _ in 0..<200 where try run(["ip", "link", "show", interface]).status != 0 {
      usleep(50_000)
    }
    try Self.need(inside(["ip", "addr", "add", "\(Self.hostAddress)/24", "dev", interface]))
    try Self.need(inside(["ip", "link", "set", interface, "up"]))
  }

  deinit { _ = try? shell(["ip", "netns", "del", name]) }

  /// The command that runs `arguments` in this namespace.
  func inside(_ arguments: [String]) -> [String] { ["ip", "netns", "exec", name] + arguments }

  @discardableResult
  func run(_ arguments: [String], seconds: Double = 60) throws -> Finished {
    try shell(inside(arguments), seconds: seconds)
  }
}

struct CommandFailed: Error, CustomStringConvertible {
  let command: [String]
  let finished: Finished
  var description: String {
    "\(command.joined(separator: " ")): status \(finished.status): \(finished.output)"
  }
}
