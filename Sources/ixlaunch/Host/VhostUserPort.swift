import Foundation

/// The back end of a guest's network card in another process, behind a vhost-user socket.
struct VhostUserPort: Equatable {
  /// Bytes of `sun_path` (unix(7)), less the zero at its end.
  static let pathByteLimit = 107

  /// The socket; of our own poller it is known once that has started.
  var path: String
  /// DPDK's name of the port that our own poller connects the guest to; nil for somebody else's
  /// back end.
  var device: String?

  /// Throws if nobody could be there.
  func check() throws(LaunchError) {
    guard device == nil else { return }
    let remedy = "start the back end first"
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
      throw LaunchError(.hostCannot, path, "there is no such socket", remedy: remedy)
    }
    guard attributes[.type] as? FileAttributeType == .typeSocket else {
      throw LaunchError(.hostCannot, path, "this is not a socket", remedy: remedy)
    }
  }
}

extension VhostUserPort: CustomStringConvertible {
  /// As it is given to `--net`: the same each time, unlike our own poller's socket.
  var description: String { device.map { "dpdk:\($0)" } ?? "vhost-user:\(path)" }

  /// What is behind "vhost-user:" or "dpdk:" in `--net`; nil for other networks.
  init?(network: String) throws(LaunchError) {
    let parts = network.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let name = parts.count == 2 ? String(parts[1]) : ""
    if network.hasPrefix("vhost-user:") {
      guard !name.isEmpty else {
        throw LaunchError(
          .usage, "--net \(network)", "the path is missing", remedy: "add that of the socket")
      }
      guard name.utf8.count <= Self.pathByteLimit else {
        throw LaunchError(
          .usage, "--net \(network)", "a socket's path has at most \(Self.pathByteLimit) bytes",
          remedy: "give a shorter one")
      }
      self.init(path: name, device: nil)
    } else if network.hasPrefix("dpdk:") {
      guard !name.isEmpty, name.allSatisfy({ $0.isASCII && !$0.isWhitespace }) else {
        throw LaunchError(
          .usage, "--net \(network)", "it is not a DPDK port",
          remedy: "name one, as dpdk:net_tap0,iface=dtap0")
      }
      self.init(path: "", device: name)
    } else {
      return nil
    }
  }
}
