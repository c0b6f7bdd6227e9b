import Image

/// The guest's console as lines, with names beside the addresses of a crash report.
struct ConsoleReader {
  /// A line longer than this is passed on in pieces.
  private static let lineByteLimit = 16 << 10

  private let symbolizer: Symbolizer
  private var pending: [UInt8] = []

  init(symbolizer: Symbolizer) { self.symbolizer = symbolizer }

  /// The lines that `bytes` complete, without their ends.
  mutating func lines(from bytes: [UInt8]) -> [String] {
    pending += bytes
    var lines: [String] = []
    while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
      lines.append(line(of: pending[..<end]))
      pending.removeSubrange(...end)
    }
    if pending.count > Self.lineByteLimit { lines += rest() }
    return lines
  }

  /// What came after the last line end.
  mutating func rest() -> [String] {
    guard !pending.isEmpty else { return [] }
    defer { pending = [] }
    return [line(of: pending[...])]
  }

  private func line(of bytes: ArraySlice<UInt8>) -> String {
    var bytes = bytes
    while bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    return explained(String(decoding: bytes, as: UTF8.self))
  }

  /// Adds what is known about the addresses in lines of the kernel's reports: "rip 0x..." is an
  /// instruction, "backtrace 0x..." an instruction after a call.
  private func explained(_ line: String) -> String {
    guard line.hasPrefix("ix:") else { return line }
    var words = line.split(separator: " ", omittingEmptySubsequences: false).map { String($0) }
    for index in words.indices.dropFirst() where ["rip", "backtrace"].contains(words[index - 1]) {
      let isReturn = words[index - 1] == "backtrace"
      guard words[index].hasPrefix("0x"),
        let address = UInt64(words[index].dropFirst(2).prefix { $0.isHexDigit }, radix: 16),
        let name = symbolizer.name(of: address, isReturnAddress: isReturn)
      else { continue }
      words[index] += " \(name)"
    }
    return words.joined(separator: " ")
  }
}
