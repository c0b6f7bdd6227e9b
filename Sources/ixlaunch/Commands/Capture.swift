import ArgumentParser
import ControlPlane
import Foundation

/// `ixlaunch capture`: the frames of a dataplane as a pcapng file.
struct Capture: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the frames a dataplane receives and sends to a pcapng file, until Ctrl-C.",
    discussion: """
      The dataplane copies the beginning of each frame into a ring, which costs it a few hundred \
      instructions a frame while the capture runs; frames that find no room in the ring are counted.
      """)

  @Argument(help: "The dataplane's name.")
  var name: String

  @Option(name: [.customShort("w"), .long], help: "The file; - is standard output.")
  var write: String

  @Option(help: "Bytes kept of each frame, 128 to 65535.")
  var snap: UInt64 = 2048

  @Option(help: "End after so many frames.")
  var count: UInt64?

  @Option(help: "End after so many seconds.")
  var seconds: Double?

  @Flag(help: "Print what was captured as one JSON object on standard error.")
  var json = false

  private struct Summary: Encodable {
    let written: UInt64
    let dropped: UInt64
  }

  func validate() throws {
    guard (128...65_535).contains(snap) else { throw ValidationError("--snap is 128 to 65535") }
  }

  func run() throws {
    let dataplane = try Dataplane(name)
    let file = try output()
    let signals = try ChildProcess.openSignals()
    try file.write(contentsOf: PcapNG.beginning(name: name, snapByteCount: Int(snap)))
    let before = totals(of: dataplane)
    // What a capture that crashed has left.
    for core in 0..<dataplane.page.coreCount { _ = dataplane.page.takeCaptured(core) }
    let origin = origin(of: dataplane)
    try dataplane.requireOnAllCores(.capture, [snap])
    say("ixlaunch: capturing \(name); Ctrl-C ends it")
    var written: UInt64 = 0
    do {
      defer { _ = try? dataplane.requireOnAllCores(.capture, [0]) }
      written = try copyFrames(from: dataplane, to: file, origin, until: signals)
    }
    // What came in until the dataplane knew that it was over.
    if count == nil { written += try copy(from: dataplane, to: file, origin, atMost: .max) }
    let summary = Summary(
      written: written, dropped: totals(of: dataplane).dropped - before.dropped)
    let now = UInt64(Date().timeIntervalSince1970 * 1e9)
    try file.write(
      contentsOf: PcapNG.end(captured: summary.written, dropped: summary.dropped, time: now))
    report(summary)
  }

  private func output() throws -> FileHandle {
    if write == "-" { return FileHandle.standardOutput }
    guard FileManager.default.createFile(atPath: write, contents: nil),
      let file = FileHandle(forWritingAtPath: write)
    else { throw ControlError(write, "it cannot be written", remedy: "name another file") }
    return file
  }

  private func copyFrames(
    from dataplane: Dataplane, to file: FileHandle, _ origin: UInt64, until signals: Int32
  ) throws -> UInt64 {
    let deadline = seconds.map { Date(timeIntervalSinceNow: $0) } ?? .distantFuture
    var written: UInt64 = 0
    while Date() < deadline, written < count ?? .max, dataplane.record.monitor.isAlive,
      !ChildProcess.hasSignal(signals)
    {
      let new = try copy(
        from: dataplane, to: file, origin, atMost: count.map { $0 - written } ?? .max)
      if new == 0 { usleep(2_000) }
      written += new
    }
    return written
  }

  /// Writes what the dataplane has captured since the last call, at most `limit` frames; how many.
  private func copy(
    from dataplane: Dataplane, to file: FileHandle, _ origin: UInt64, atMost limit: UInt64
  ) throws -> UInt64 {
    var frames = (0..<dataplane.page.coreCount).flatMap { dataplane.page.takeCaptured($0) }
    frames.sort { $0.time < $1.time }
    frames = Array(frames.prefix(Int(clamping: limit)))
    try file.write(contentsOf: frames.flatMap { PcapNG.packet($0, origin: origin) })
    return UInt64(frames.count)
  }

  private func totals(of dataplane: Dataplane) -> (captured: UInt64, dropped: UInt64) {
    let cores = dataplane.page.snapshots() ?? []
    return (
      cores.reduce(0) { $0 + $1.captured }, cores.reduce(0) { $0 + $1.captureDropped }
    )
  }

  /// The time of day at instant zero of the guest's clock, right to about a hundredth of a second.
  private func origin(of dataplane: Dataplane) -> UInt64 {
    let now = UInt64(Date().timeIntervalSince1970 * 1e9)
    return now &- dataplane.page.heartbeat(0)
  }

  private func report(_ summary: Summary) {
    let text =
      json
      ? (try? encodedAsJSON(summary)) ?? ""
      : "ixlaunch: \(summary.written) frames written, \(summary.dropped) dropped"
    say(text)
  }

  /// Standard output may be the file.
  private func say(_ text: String) {
    FileHandle.standardError.write(Data("\(text)\n".utf8))
  }
}
