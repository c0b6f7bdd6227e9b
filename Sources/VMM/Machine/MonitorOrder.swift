/// Bytes of an image and where in the guest's memory they belong.
package struct BootSegment: Equatable, Sendable {
  package let fileOffset: UInt64
  package let fileByteCount: UInt64
  /// Physical.
  package let address: UInt64
  /// The rest is zero.
  package let memoryByteCount: UInt64

  package init(
    fileOffset: UInt64, fileByteCount: UInt64, address: UInt64, memoryByteCount: UInt64
  ) {
    self.fileOffset = fileOffset
    self.fileByteCount = fileByteCount
    self.address = address
    self.memoryByteCount = memoryByteCount
  }
}

/// What `ixlaunch` tells the monitor on its command line. The launcher has read and checked the image;
/// the monitor parses no file.
package struct MonitorOrder: Equatable, Sendable {
  package enum Network: Equatable, Sendable {
    case none
    case tap(String)
    case vhostUser(String)
  }

  package var imagePath = ""
  package var segments: [BootSegment] = []
  /// PVH's, 32 bits.
  package var entry: UInt32 = 0
  /// The kernel's.
  package var commandLine = ""
  /// Bytes.
  package var memory: UInt64 = 0
  package var cores = 1
  /// Of the network card, at most; what is at its other end may have fewer.
  package var queuePairs = 1
  package var network = Network.none
  /// Of the guest's network card, IEEE 802.
  package var hardwareAddress: UInt64 = 0
  /// Where gdb may come in.
  package var debuggerPort: UInt16?

  package init() {}
}

extension MonitorOrder {
  /// As words of a command line: "key=value" each.
  package var words: [String] {
    var words = [
      "image=\(imagePath)", "entry=\(entry)", "append=\(commandLine)", "memory=\(memory)",
      "cores=\(cores)", "queues=\(queuePairs)", "address=\(hardwareAddress)",
    ]
    words += segments.map {
      "segment=\($0.fileOffset):\($0.fileByteCount):\($0.address):\($0.memoryByteCount)"
    }
    switch network {
    case .none: break
    case .tap(let name): words.append("tap=\(name)")
    case .vhostUser(let path): words.append("vhost-user=\(path)")
    }
    if let debuggerPort { words.append("gdb=\(debuggerPort)") }
    return words
  }

  /// Nil for anything that `words` does not say.
  package init?(_ words: some Sequence<String>) {
    for word in words {
      guard let end = word.firstIndex(of: "=") else { return nil }
      guard take(word[..<end], String(word[word.index(after: end)...])) else { return nil }
    }
    guard !segments.isEmpty, memory > 0, cores > 0, queuePairs > 0 else { return nil }
  }

  private mutating func take(_ key: Substring, _ value: String) -> Bool {
    switch key {
    case "image": imagePath = value
    case "append": commandLine = value
    case "tap": network = .tap(value)
    case "vhost-user": network = .vhostUser(value)
    case "gdb":
      debuggerPort = UInt16(value)
      return debuggerPort != nil
    case "entry": return Self.set(&entry, value)
    case "memory": return Self.set(&memory, value)
    case "cores": return Self.set(&cores, value)
    case "queues": return Self.set(&queuePairs, value)
    case "address": return Self.set(&hardwareAddress, value)
    case "segment":
      guard let segment = BootSegment(value) else { return false }
      segments.append(segment)
    default: return false
    }
    return true
  }

  private static func set<Number: FixedWidthInteger>(_ number: inout Number, _ value: String)
    -> Bool
  {
    guard let given = Number(value) else { return false }
    number = given
    return true
  }
}

extension BootSegment {
  fileprivate init?(_ text: String) {
    let numbers = text.split(separator: ":", omittingEmptySubsequences: false).map { UInt64($0) }
    guard numbers.count == 4, let offset = numbers[0], let fileByteCount = numbers[1],
      let address = numbers[2], let memoryByteCount = numbers[3]
    else { return nil }
    self.init(
      fileOffset: offset, fileByteCount: fileByteCount, address: address,
      memoryByteCount: memoryByteCount)
  }
}
