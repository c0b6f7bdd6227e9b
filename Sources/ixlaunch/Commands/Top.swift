import ArgumentParser
import ControlPlane
import Foundation

/// `ixlaunch top`: what dataplanes are doing, again and again.
struct Top: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what dataplanes are doing: load, rates, queues, delays and drops by reason.")

  @Argument(help: "Dataplanes. (default: all that run)")
  var names: [String] = []

  @Option(help: "Seconds between two looks.")
  var interval = 1.0

  @Option(help: "How often to look. (default: until Ctrl-C)")
  var count: Int?

  @Flag(help: "Print one JSON object for each look, one a line.")
  var json = false

  private struct Look: Encodable {
    let name: String
    let cores: [CoreRates]
  }

  func validate() throws {
    guard interval >= 0.05, interval <= 3600 else {
      throw ValidationError("--interval is 0.05 to 3600 seconds")
    }
  }

  func run() throws {
    var before = try look()
    var done = 0
    while done < count ?? .max {
      usleep(UInt32(interval * 1e6))
      let now = try look()
      show(before, now)
      before = now
      done += 1
    }
  }

  /// Everything asked for that runs.
  private func look() throws -> [String: [CoreSnapshot]] {
    let wanted =
      names.isEmpty
      ? RunDirectory().records().filter { $0.state.isRunning }.map { $0.name } : names
    var found: [String: [CoreSnapshot]] = [:]
    for name in wanted {
      do {
        found[name] = try Dataplane(name).page.snapshots() ?? []
      } catch {
        // One that ends meanwhile is no error unless it was asked for by name.
        guard names.isEmpty else { throw error }
      }
    }
    return found
  }

  private func show(_ before: [String: [CoreSnapshot]], _ now: [String: [CoreSnapshot]]) {
    let looks = now.sorted { $0.key < $1.key }.map { name, cores in
      let earlier = before[name] ?? []
      let rates = zip(cores, earlier).map { $0.rates(since: $1) }
      return Look(name: name, cores: rates)
    }
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      print(String(decoding: (try? encoder.encode(looks)) ?? Data(), as: UTF8.self))
    } else {
      // On a terminal each look replaces the one before.
      let clear = isatty(STDOUT_FILENO) != 0 ? "\u{1B}[H\u{1B}[2J" : ""
      print(clear + text(of: looks, drops: drops(before, now)))
    }
    // Whoever reads us through a pipe wants it now.
    fflush(nil)
  }

  private func text(of looks: [Look], drops: [String]) -> String {
    let titles = [
      "dataplane", "core", "state", "load", "frames/s", "in MB/s", "out MB/s", "per batch",
      "queue", "delay us", "connections", "retransmitted/s",
    ]
    let rows = looks.flatMap { look in
      look.cores.map { core in
        [
          look.name, "\(core.core)", core.state, "\(Int((core.load * 100).rounded()))%",
          "\(Int(core.framesPerSecond.rounded()))",
          rounded(core.receivedBytesPerSecond / 1e6), rounded(core.sentBytesPerSecond / 1e6),
          rounded(core.framesPerBatch), rounded(core.queueDepth),
          rounded(core.queueingDelayMicroseconds), "\(core.connections)",
          rounded(core.retransmissionsPerSecond),
        ]
      }
    }
    return ([table(titles, rows)] + drops).joined(separator: "\n")
  }

  private func rounded(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

  /// What was dropped between two looks, by reason.
  private func drops(
    _ before: [String: [CoreSnapshot]], _ now: [String: [CoreSnapshot]]
  ) -> [String] {
    now.sorted { $0.key < $1.key }.flatMap { name, cores in
      zip(cores, before[name] ?? []).flatMap { core, earlier in
        let old = Dictionary(
          uniqueKeysWithValues: earlier.dropsByReason.map { ($0.name, $0.count) })
        return core.dropsByReason.compactMap { reason, count in
          let new = count &- (old[reason] ?? 0)
          return new > 0 ? "\(name) core \(core.index) dropped \(new): \(reason)" : nil
        }
      }
    }
  }
}
