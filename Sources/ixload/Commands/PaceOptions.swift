import ArgumentParser

/// How much, how long and how quickly.
struct PaceOptions: ParsableArguments {
  @Option(help: "Messages in all; default: 1000, or what fits into --seconds.") var messages: Int?
  @Option(help: "Ends after this many seconds.") var seconds: Double?
  @Option(help: "Open loop: messages per second on average, due at the times of a Poisson process.")
  var rate: Double?
  @Option(help: "Closed loop: messages under way at one time; default: one on each connection.")
  var active: Int?
  @Option(help: "Seconds of the same load before anything is measured.") var warmUp = 0.0
  @Flag(help: "Prints one JSON object.") var json = false

  private static let usualMessageCount = 1000
  private static let usualSeconds = 600.0

  func validate() throws {
    guard messages ?? 0 >= 0, seconds ?? 1 > 0, rate ?? 1 > 0, active ?? 1 > 0, warmUp >= 0 else {
      throw ValidationError("messages, seconds, rates and counts must be positive")
    }
    guard rate == nil || active == nil else {
      throw ValidationError("--rate is an open loop, --active belongs to a closed one")
    }
  }

  /// Exchanges that must be finished for success.
  var requiredCount: Int? { messages ?? (seconds == nil ? Self.usualMessageCount : nil) }

  private func pace(limit: Int?, seconds: Double) -> Pace {
    Pace(
      limit: limit, seconds: seconds, concurrency: rate == nil ? active ?? .max : nil,
      rate: rate ?? 0)
  }

  /// Runs `engine` at this pace; throws when less was finished than was asked for.
  func run(_ engine: inout Engine<some Workload>, named name: String) throws {
    if warmUp > 0 { _ = try engine.run(pace(limit: nil, seconds: warmUp)) }
    let record = try engine.run(pace(limit: requiredCount, seconds: seconds ?? Self.usualSeconds))
    var figures = Figures(
      record, workload: name, connections: engine.options.connections, rate: rate)
    figures.add("all", engine.finishedInAll)
    figures.show(json: json)
    guard record.finished >= requiredCount ?? 0 else { throw ExitCode(1) }
  }
}
