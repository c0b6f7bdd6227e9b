import Foundation
import Logging

/// `ixnet` as a child: the poller between a guest and a DPDK port. It ends with its guest and, unless
/// that outlives the launcher, with the launcher, however it ends.
final class PollerProcess {
  /// How long it may take to open the port, or to end, milliseconds.
  private static let patience: Int32 = 10_000
  /// What it takes of huge pages, bytes.
  private static let leastHugeMemory: UInt64 = 128 << 20

  /// Where it listens for its guest.
  private(set) var path = ""
  private let device: String
  private let log: Logger
  private var child: ChildProcess
  private var text = ""
  private var errorText = ""
  private(set) var hasEnded = false
  /// It was ended at a system call that it must not make.
  private var wasRefused = false

  /// Starts it and waits until the port is open. Throws what is wrong with the port.
  init(
    _ device: String, queues: Int, hugePages: Bool, outlives: Bool, signals: Int32, log: Logger
  ) throws {
    self.device = device
    self.log = log
    var arguments = [device, "--queues", "\(queues)", "--for-guest"]
    if hugePages { arguments.append("--huge-pages") }
    if !outlives { arguments.append("--with-parent") }
    let program = try Tool.sibling("ixnet")
    log.debug("\(program) \(arguments.joined(separator: " "))")
    child = try ChildProcess(
      path: program, arguments: arguments, outlives: outlives, signals: signals)
    try waitUntilReady()
  }

  /// The poller that `machine` needs, whose socket it is told; nil if it needs none.
  static func start(
    for machine: inout Machine, outlives: Bool, signals: Int32, log: Logger
  ) throws -> PollerProcess? {
    guard case .vhostUser(var port, let interface, let gateway) = machine.network,
      let device = port.device
    else { return nil }
    let hugePages = HostFacts.current().freeHugeMemory >= leastHugeMemory
    let poller = try PollerProcess(
      device, queues: machine.cores, hugePages: hugePages, outlives: outlives, signals: signals,
      log: log)
    port.path = poller.path
    machine.network = .vhostUser(port, interface, gateway: gateway)
    return poller
  }

  private func waitUntilReady() throws {
    while path.isEmpty {
      switch child.next(milliseconds: Self.patience) {
      case .signal:
        stop()
        throw GuestEnded(status: .clean)
      case .timeout:
        stop()
        throw LaunchError(.hostCannot, "dpdk:\(device)", "the port did not open in time")
      case .ended(_, let signal):
        noteEnd(signal)
        throw problem
      case .output(let bytes): note(bytes)
      case .error(let bytes): noteError(bytes)
      case .companion: break
      }
    }
  }

  /// What to watch beside a guest: readable when there is something to `read`.
  var descriptor: Int32 { hasEnded ? -1 : child.outputDescriptor }

  /// Takes what it says, without waiting.
  func read() {
    switch child.next(milliseconds: 0) {
    case .output(let bytes): note(bytes)
    case .error(let bytes): noteError(bytes)
    case .ended(_, let signal): noteEnd(signal)
    case .signal, .timeout, .companion: break
    }
    // It closes its output by ending only.
    if child.outputDescriptor < 0 { stop() }
  }

  private func noteEnd(_ signal: Int32) {
    hasEnded = true
    wasRefused = signal == SIGSYS
  }

  /// Why it is not there any more.
  var problem: LaunchError {
    guard !wasRefused else {
      return LaunchError(
        .hostCannot, "dpdk:\(device)",
        "the poller was ended at a system call that it must not make",
        remedy: "do not trust this image")
    }
    let prefixes = ["ixnet: ", "\(device): "]
    var words = errorText.split(separator: "\n").last.map { String($0) } ?? "the poller has ended"
    for prefix in prefixes where words.hasPrefix(prefix) { words.removeFirst(prefix.count) }
    return LaunchError(.hostCannot, "dpdk:\(device)", words, remedy: "see `ixlaunch doctor`")
  }

  /// Ends it. Does nothing the second time.
  func stop() {
    guard !hasEnded else { return }
    child.send(SIGTERM)
    while !hasEnded {
      switch child.next(milliseconds: Self.patience) {
      case .ended(_, let signal): noteEnd(signal)
      case .timeout: child.send(SIGKILL)
      case .output(let bytes): note(bytes)
      case .error(let bytes): noteError(bytes)
      case .signal, .companion: break
      }
    }
  }

  private func note(_ bytes: [UInt8]) {
    text += String(decoding: bytes, as: UTF8.self)
    while let end = text.firstIndex(of: "\n") {
      let line = String(text[..<end])
      text = String(text[text.index(after: end)...])
      log.debug("\(line)")
      guard line.hasPrefix("ixnet: ready: "),
        let place = line.range(of: " at ", options: .backwards)
      else { continue }
      path = String(line[place.upperBound...])
    }
  }

  private func noteError(_ bytes: [UInt8]) {
    errorText = String((errorText + String(decoding: bytes, as: UTF8.self)).suffix(4_096))
  }
}
