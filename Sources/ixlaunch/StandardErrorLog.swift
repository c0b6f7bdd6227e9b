import Logging

/// Diagnostics as lines of standard error: "ixlaunch: message".
struct StandardErrorLog: LogHandler {
  var logLevel = Logger.Level.info
  var metadata = Logger.Metadata()

  init(label: String) {}

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    Output.errors.write(line: "ixlaunch: \(event.message)")
  }
}

extension Logger {
  /// The launcher's own; `verbose` shows debug messages as well.
  static func launcher(verbose: Bool = false) -> Logger {
    var logger = Logger(label: "ixlaunch")
    logger.logLevel = verbose ? .debug : .info
    return logger
  }
}
