import Foundation

/// `run --detach`: another launcher does the work, in a session of its own; this one shows what it
/// says until the dataplane answers, and leaves.
struct Detachment {
  /// Returns once the dataplane answers; throws `GuestEnded` if it does not come so far.
  func run() throws {
    let signals = try ChildProcess.openSignals()
    var child = try ChildProcess(
      path: "/proc/self/exe", arguments: Self.arguments(CommandLine.arguments), outlives: true,
      signals: signals)
    var line: [UInt8] = []
    while true {
      switch child.next(milliseconds: -1) {
      case .output(let bytes):
        Output.standard.write(bytes)
        for byte in bytes {
          guard byte == UInt8(ascii: "\n") else {
            line.append(byte)
            continue
          }
          // The one line a launcher itself prints there: where the application answers.
          if String(decoding: line, as: UTF8.self).hasPrefix("ixlaunch: ") { return }
          line = []
        }
      case .error(let bytes): Output.errors.write(bytes)
      case .signal: child.send(SIGTERM)
      case .timeout, .companion: break
      case .ended(let exitStatus, _):
        let status = exitStatus.flatMap { LauncherStatus(rawValue: $0) } ?? .hostCannot
        guard status == .clean else { throw GuestEnded(status: status) }
        return
      }
    }
  }

  /// Those of the launcher that does the work.
  static func arguments(_ words: [String]) -> [String] {
    let kept = words.dropFirst().filter { $0 != "--detach" }
    return kept.prefix(1) + ["--is-left-alone"] + kept.dropFirst()
  }
}
