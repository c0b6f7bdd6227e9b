import CProcess
import Glibc

/// A program as a child: its output, its end and the launcher's own signals, one event at a time. The
/// kernel kills the child should the launcher end in any way, unless it is to outlive it.
struct ChildProcess: ~Copyable {
  enum Event {
    case output([UInt8])
    case error([UInt8])
    /// SIGINT, SIGTERM or SIGHUP to the launcher.
    case signal(Int32)
    case timeout
    /// The descriptor that was to be watched beside the child can be read.
    case companion
    /// The child has ended and its output has been read to the end; nil if `signal` killed it, which
    /// is 0 otherwise.
    case ended(exitStatus: Int32?, signal: Int32)
  }

  let identifier: pid_t
  private let signals: Int32
  private var output: Int32
  private var error: Int32
  private var end: ix_exit?

  /// Starts the program at `path`; `signals` comes from `openSignals()`.
  init(path: String, arguments: [String], outlives: Bool = false, signals: Int32)
    throws(LaunchError)
  {
    let words = [path] + arguments
    var process = ix_process()
    // SAFETY: each copy is terminated and is freed once, after the child has its own memory.
    let copies: [UnsafeMutablePointer<CChar>?] = unsafe words.map { unsafe strdup($0) } + [nil]
    // SAFETY: as above; the list ends with nil, and `process` is a local.
    let result = unsafe ix_process_start(path, copies, outlives ? 1 : 0, &process)
    for index in unsafe copies.indices { unsafe free(copies[index]) }
    guard result == 0 else { throw Self.failure(path, -result) }
    identifier = process.identifier
    output = process.output
    error = process.error
    self.signals = signals
  }

  deinit {
    if output >= 0 { close(output) }
    if error >= 0 { close(error) }
  }

  /// From now on the launcher's signals are events. Call once.
  static func openSignals() throws(LaunchError) -> Int32 {
    let descriptor = ix_signals_open()
    guard descriptor >= 0 else { throw failure("signals", -descriptor) }
    return descriptor
  }

  /// Whether one of the launcher's signals has come, for those who do not wait.
  static func hasSignal(_ signals: Int32) -> Bool { ix_signals_next(signals) != 0 }

  /// Nobody listens to this process any more.
  static func closeOutput() { _ = ix_output_close() }

  func send(_ signal: Int32) {
    if end == nil { kill(identifier, signal) }
  }

  /// Of the child's standard output; -1 at its end.
  var outputDescriptor: Int32 { output }

  /// Waits at most `milliseconds` (-1: without limit) for the next event, of the child or, if one is
  /// given, of another descriptor.
  mutating func next(milliseconds: Int32, beside companion: Int32 = -1) -> Event {
    while true {
      // Another child's events may have taken the signal that this one has ended.
      if output < 0, error < 0 { collect() }
      if let end, output < 0, error < 0 {
        return .ended(
          exitStatus: end.signal == 0 ? end.exit_status : nil, signal: end.signal)
      }
      var polled = [output, error, signals, companion].map {
        pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
      }
      // SAFETY: the array has four elements and lives across the call.
      let count = unsafe poll(&polled, 4, milliseconds)
      if count == 0 { return .timeout }
      if count < 0 { continue }
      if polled[0].revents != 0, let bytes = Self.read(&output) { return .output(bytes) }
      if polled[1].revents != 0, let bytes = Self.read(&error) { return .error(bytes) }
      if polled[2].revents != 0, let signal = nextSignal() { return .signal(signal) }
      if polled[3].revents != 0 { return .companion }
    }
  }

  /// The next signal that is not about the child.
  private mutating func nextSignal() -> Int32? {
    let signal = ix_signals_next(signals)
    guard signal == SIGCHLD else { return signal == 0 ? nil : signal }
    collect()
    return nil
  }

  private mutating func collect() {
    var how = ix_exit()
    // SAFETY: `how` is a local that the call fills in.
    if end == nil, unsafe ix_process_collect(identifier, &how) == 1 { end = how }
  }

  /// What can be read now; nil at the end, when the descriptor is closed.
  private static func read(_ descriptor: inout Int32) -> [UInt8]? {
    // SAFETY: `read` fills at most the capacity, and only what it filled is counted.
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
      count = max(0, unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count))
    }
    guard bytes.isEmpty else { return bytes }
    close(descriptor)
    descriptor = -1
    return nil
  }

  private static func failure(_ thing: String, _ code: Int32) -> LaunchError {
    // SAFETY: `strerror` returns a terminated string, which is copied at once.
    let reason = unsafe String(cString: strerror(code))
    return LaunchError(.hostCannot, thing, "it cannot be started: \(reason)")
  }
}
