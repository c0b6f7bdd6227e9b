#if hasFeature(Embedded)
  /// On how many cores the application listens on a port, for the ports it opened first. Used while the
  /// console is held.
  enum OpenPorts {
    private struct Entry {
      var port: UInt16 = 0
      var coreCount: UInt16 = 0
    }

    // SAFETY: whoever holds the console is alone.
    nonisolated(unsafe) private static var entries = InlineArray<64, Entry>(repeating: Entry())

    /// Notes that one more core listens on `port` and returns how many do; 0 when there are too many
    /// ports to remember.
    static func add(_ port: UInt16) -> Int {
      for index in 0..<64 {
        let entry = unsafe entries[index]
        guard entry.port == port || entry.coreCount == 0 else { continue }
        unsafe entries[index] = Entry(port: port, coreCount: entry.coreCount &+ 1)
        return Int(entry.coreCount) &+ 1
      }
      return 0
    }
  }
#endif
