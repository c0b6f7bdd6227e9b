import Image

/// The guest's console as lines, with names beside the addresses of a crash report.
struct ConsoleReader {
  /// A line longer than this is passed on in pieces.
  private static let lineByteLimit = 16 << 10

  /// Made for the first report: most guests end without one.
  private lazy var symbolizer = makeSymbolizer()
  private let makeSymbolizer: () -> Symbolizer
  private var pending: [UInt8] = []
  /// Where the latest report says the fault was.
  private var faultAddress: UInt64?

  init(symbolizer: @autoclosure @escaping () -> Symbolizer) { makeSymbolizer = symbolizer }

  /// The lines that `bytes` complete, without their ends.
  mutating func lines(from bytes: [UInt8]) -> [String] {
    pending += bytes
    var lines: [String] = []
    while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
      let bytes = pending[..<end]
      pending = Array(pending[(end + 1)...])
      lines.append(line(of: bytes))
    }
    if pending.count > Self.lineByteLimit { lines += rest() }
    return lines
  }

  /// What came after the last line end.
  mutating func rest() -> [String] {
    guard !pending.isEmpty else { return [] }
    let bytes = pending[...]
    pending = []
    return [line(of: bytes)]
  }

  private mutating func line(of bytes: ArraySlice<UInt8>) -> String {
    var bytes = bytes
    while bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    return explained(String(decoding: bytes, as: UTF8.self))
  }

  /// Adds what is known about the addresses in lines of the kernel's reports: "rip 0x..." is an
  /// instruction, "backtrace 0x..." that instruction again or one after a call.
  private mutating func explained(_ line: String) -> String {
    guard line.hasPrefix("ix:") else { return line }
    var words = line.split(separator: " ", omittingEmptySubsequences: false).map { String($0) }
    for index in words.indices.dropFirst() where ["rip", "backtrace"].contains(words[index - 1]) {
      guard words[index].hasPrefix("0x") else { continue }
      let digits = words[index].dropFirst(2).prefix { $0.isHexDigit }
      guard let address = UInt64(digits, radix: 16) else { continue }
      if words[index - 1] == "rip" { faultAddress = address }
      let name = symbolizer.name(of: address, isReturnAddress: address != faultAddress)
      let rest = words[index].dropFirst(2 + digits.count)
      if let name { words[index] = "0x\(digits) \(name)\(rest)" }
    }
    return words.joined(separator: " ")
  }
}
