import ArgumentParser
import Glibc

/// Closed-loop echo: every connection sends a message, waits until all of it has come back, compares
/// it, and sends the next.
struct EchoLoad: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "echo", abstract: "Closed-loop echo over many connections, byte-exact.")

  @Option(help: "IPv4 address of the server.") var address = "127.0.0.1"
  @Option(help: "Port of the server.") var port: UInt16 = 7
  @Option(help: "Connections at the same time.") var connections = 1
  @Option(help: "Messages in all.") var messages = 1000
  @Option(help: "Smallest message, in bytes.") var minimumSize = 64
  @Option(help: "Largest message, in bytes.") var maximumSize = 64
  @Option(help: "Seed of the message sizes.") var seed: UInt64 = 1
  @Option(help: "Gives up after this many seconds without a byte.") var patience: Int32 = 10
  @Option(help: "Ends after this many seconds even if messages are left.") var seconds = 600.0

  func validate() throws {
    guard connections > 0, messages >= 0, minimumSize > 0, maximumSize >= minimumSize else {
      throw ValidationError("connections and sizes must be positive, and sizes in order")
    }
  }

  func run() throws {
    let start = monotonicSeconds()
    var engine = try EchoEngine(self)
    try engine.run(until: start + seconds)
    let elapsed = monotonicSeconds() - start
    let latencies = engine.latencies.sorted()
    func microseconds(_ quantile: Double) -> Int {
      guard !latencies.isEmpty else { return 0 }
      let index = Int(Double(latencies.count) * quantile)
      return Int(latencies[min(index, latencies.count - 1)] * 1e6)
    }
    print(
      """
      messages \(engine.completed) bytes \(engine.completedBytes) seconds \(fixed(elapsed, 3)) \
      rate \(Int(Double(engine.completed) / elapsed)) \
      p50us \(microseconds(0.5)) p99us \(microseconds(0.99)) p999us \(microseconds(0.999))
      """)
    if engine.completed < messages { throw ExitCode(1) }
  }
}

/// What went wrong with the server, as a sentence.
struct LoadError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
  init(call: String) { description = "\(call): \(unsafe String(cString: strerror(errno)))" }
}

func monotonicSeconds() -> Double {
  var now = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &now)
  return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
}

/// `value` with `digits` decimals.
func fixed(_ value: Double, _ digits: Int) -> String {
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let scaled = Int((value * scale).rounded())
  let fraction = String(scaled % Int(scale))
  let zeros = String(repeating: "0", count: digits - fraction.count)
  return "\(scaled / Int(scale)).\(zeros)\(fraction)"
}
