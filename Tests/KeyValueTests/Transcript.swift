import Foundation
import Testing

/// A conversation with a server, from a file: bytes sent and the bytes that must come back.
///
/// `# name` begins one. `> text` is a line sent and `< text` a line that comes back, both with `\r\n`
/// behind them; `>: text` and `<: text` are without, `>= hex` and `<= hex` are bytes; `! closed` says
/// that the connection ends. `\r`, `\n`, `\\`, `\xNN` and `{x*40}`, forty times `x`, are understood.
struct Transcript: CustomTestStringConvertible {
  var name: String
  var request: [UInt8] = []
  var reply: [UInt8] = []
  var isClosed = false

  var testDescription: String { name }

  /// The conversations of `Transcripts/<file>.txt`.
  static func all(_ file: String) -> [Transcript] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let path = folder.appendingPathComponent("Transcripts/\(file).txt").path
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
    var result: [Transcript] = []
    for line in text.split(separator: "\n") {
      if line.hasPrefix("# ") {
        result.append(Transcript(name: String(line.dropFirst(2))))
      } else {
        result[result.count - 1].add(line)
      }
    }
    return result
  }

  private mutating func add(_ line: Substring) {
    guard line != "! closed" else {
      isClosed = true
      return
    }
    let bytes: [UInt8]
    switch line.dropFirst().first {
    case ":": bytes = Self.unescape(line.dropFirst(3))
    case "=": bytes = Self.hexadecimal(line.dropFirst(3))
    default: bytes = Self.unescape(line.dropFirst(2)) + [13, 10]
    }
    if line.hasPrefix(">") { request += bytes } else { reply += bytes }
  }

  private static func hexadecimal(_ text: Substring) -> [UInt8] {
    var digits = text.filter { $0 != " " }[...]
    var bytes: [UInt8] = []
    while let byte = UInt8(digits.prefix(2), radix: 16) {
      bytes.append(byte)
      digits = digits.dropFirst(2)
    }
    return bytes
  }

  static func unescape(_ text: Substring) -> [UInt8] {
    var rest = Array(text.utf8)[...]
    var bytes: [UInt8] = []
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "{"), let end = rest.firstIndex(of: UInt8(ascii: "}")) {
        let star = rest.lastIndex { $0 == UInt8(ascii: "*") } ?? rest.startIndex
        let count = Int(String(decoding: rest[(star + 1)..<end], as: UTF8.self)) ?? 0
        for _ in 0..<count { bytes += rest[..<star] }
        rest = rest[(end + 1)...]
      } else if byte == UInt8(ascii: "\\") {
        let letter = rest.removeFirst()
        switch letter {
        case UInt8(ascii: "r"): bytes.append(13)
        case UInt8(ascii: "n"): bytes.append(10)
        case UInt8(ascii: "x"):
          bytes.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)!)
          rest = rest.dropFirst(2)
        default: bytes.append(letter)
        }
      } else {
        bytes.append(byte)
      }
    }
    return bytes
  }
}
