import ControlPlane
import Foundation
import Image
import Logging

/// Boots a machine, shows its console and waits for its end.
struct Supervisor {
  /// How long QEMU may take to end when asked to, milliseconds.
  private static let patience: Int32 = 5_000
  private static let errorLineLimit = 4

  let machine: Machine
  let image: Image
  /// The path of what runs the machine.
  let monitor: String
  let log: Logger
  private let attendance: Attendance?
  private let isLeftAlone: Bool
  /// Serves the guest's network card, for some networks.
  var poller: PollerProcess?

  private var console: ConsoleReader
  private var errorText: [UInt8] = []
  private var hasAnswered = false
  private var wasStopped = false
  private var hasLostOutput = false

  /// The guest of a launcher that `isLeftAlone` outlives it.
  init(
    machine: Machine, image: Image, monitor: String, log: Logger, attendance: Attendance? = nil,
    isLeftAlone: Bool = false
  ) {
    self.attendance = attendance
    self.isLeftAlone = isLeftAlone
    self.machine = machine
    self.image = image
    self.monitor = monitor
    self.log = log
    console = ConsoleReader(symbolizer: Symbolizer(image.kernel, image.application))
  }

  /// Runs the machine until it ends or a signal stops it. `signals` is of
  /// `ChildProcess.openSignals()`.
  mutating func run(signals: Int32) throws(LaunchError) -> GuestEnd {
    let arguments = machine.monitorArguments(for: image)
    log.debug("\(monitor) \(arguments.map(Self.quoted).joined(separator: " "))")
    var child = try ChildProcess(
      path: monitor, arguments: arguments, outlives: isLeftAlone, signals: signals)
    attendance?.begin(record(monitor: child.identifier))
    if !machine.waitsForListener(ports: image.description.defaults.ports) { answer() }
    while true {
      let isEnding = wasStopped || poller?.hasEnded == true
      let watched = poller?.descriptor ?? -1
      switch child.next(milliseconds: isEnding ? Self.patience : -1, beside: watched) {
      case .companion:
        poller?.read()
        // Without its poller the guest is cut off for good.
        if poller?.hasEnded == true { child.send(SIGTERM) }
      case .output(let bytes):
        for line in console.lines(from: bytes) { show(line) }
      case .error(let bytes):
        errorText = (errorText + bytes).suffix(4096)
      case .signal:
        child.send(wasStopped ? SIGKILL : SIGTERM)
        wasStopped = true
      case .timeout:
        child.send(SIGKILL)
      case .ended(let exitStatus, let signal):
        for line in console.rest() { show(line) }
        // Asked to, a monitor ends with 0; it is killed when it does not.
        let isAsked = !wasStopped && (exitStatus == 0 || exitStatus == nil)
        if isAsked, let poller, poller.hasEnded { throw poller.problem }
        return GuestEnd(
          monitor: machine.monitor, exitStatus: exitStatus, signal: signal,
          wasStopped: wasStopped, errors: errorLines)
      }
    }
  }

  private mutating func show(_ line: String) {
    attendance?.keep(line)
    write(line)
    if line.hasPrefix("ix: listening") { answer() }
  }

  private mutating func answer() {
    guard !hasAnswered else { return }
    hasAnswered = true
    write("ixlaunch: \(machine.answer(ports: image.description.defaults.ports))")
    if isLeftAlone { ChildProcess.closeOutput() }
  }

  private func record(monitor: Int32) -> DataplaneRecord {
    DataplaneRecord(
      name: machine.name, image: machine.imagePath,
      monitorKind: machine.monitorText, cores: machine.cores,
      memory: "\(machine.memory)", answer: machine.answer(ports: image.description.defaults.ports),
      monitor: ProcessIdentity(monitor) ?? ProcessIdentity(identifier: monitor, startTime: 0),
      launcher: .current, startedAt: Date().timeIntervalSince1970)
  }

  /// The monitor's last words without its own name in front.
  private var errorLines: [String] {
    String(decoding: errorText, as: UTF8.self).split(separator: "\n")
      .filter { !$0.contains("terminating on signal") }
      .suffix(Self.errorLineLimit)
      .map { $0.replacingOccurrences(of: "qemu-system-x86_64: ", with: "") }
  }

  /// A full disk or a reader that has gone does not end the guest.
  private mutating func write(_ line: String) {
    guard let reason = Output.standard.write(line: line), !hasLostOutput else { return }
    hasLostOutput = true
    log.warning("standard output: \(reason); the console goes on in: ixlaunch logs \(machine.name)")
  }

  /// As a shell would have to be given it.
  private static func quoted(_ word: String) -> String {
    let isPlain =
      !word.isEmpty
      && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./=:,+".contains($0)) }
    return isPlain ? word : "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }
}
