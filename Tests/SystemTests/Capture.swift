import Foundation

/// What tcpdump sees on an interface, from now on.
final class Capture {
  private let file: String
  private let program: Running

  init(on interface: String, in namespace: Namespace) throws {
    file = NSTemporaryDirectory() + "ixtest-\(UUID().uuidString).pcap"
    program = try Running(
      namespace.inside([
        "tcpdump", "--immediate-mode", "-Z", "root", "-U", "-i", interface, "-w", file,
      ]))
    guard program.waitFor("listening on") else {
      throw CommandFailed(command: ["tcpdump"], finished: program.finish(within: 0))
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: file) }

  /// The TCP segments that came from `address`, as tcpdump describes them: "cksum 0x1 (correct)".
  func segments(from address: String) throws -> [Substring] {
    program.interrupt()
    program.finish()
    let text = try shell(["tcpdump", "-vvnr", file, "tcp and src host \(address)"]).output
    return text.split(separator: "\n").filter { $0.contains("cksum") && $0.contains("Flags") }
  }
}
