import Foundation

/// A network namespace with a tap device, made for one test and gone with it. Nothing in it can
/// reach any other network.
final class Namespace {
  let name: String
  static let hostAddress = "10.9.0.1"
  static let guestAddress = "10.9.0.2"

  /// Namespaces need the right to make network devices.
  static var isAvailable: Bool {
    geteuid() == 0 && FileManager.default.fileExists(atPath: "/dev/net/tun")
  }

  init() throws {
    name = "ixtest-\(getpid())-\(UInt32.random(in: 0...9999))"
    for command in [
      ["ip", "netns", "add", name],
      inside(["ip", "link", "set", "lo", "up"]),
      inside(["ip", "tuntap", "add", "tap0", "mode", "tap", "vnet_hdr"]),
      inside(["ip", "addr", "add", "\(Self.hostAddress)/24", "dev", "tap0"]),
      inside(["ip", "link", "set", "tap0", "up"]),
    ] {
      let finished = try shell(command)
      guard finished.status == 0 else { throw CommandFailed(command: command, finished: finished) }
    }
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
