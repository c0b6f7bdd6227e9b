import TCP
import Wire

enum BootOptionKey: UInt8 {
  case address
  case gateway
  case batch
  case cores
  case spin
  case congestion
  case arguments

  /// One bit per key.
  var mask: UInt16 { 1 &<< UInt16(rawValue) }

  fileprivate var name: StaticString {
    switch self {
    case .address: "ip"
    case .gateway: "gateway"
    case .batch: "batch"
    case .cores: "cores"
    case .spin: "spin"
    case .congestion: "congestion"
    case .arguments: "args"
    }
  }
}

// Words, numbers and addresses of the command line. Ranges always lie inside the span.
extension RawSpan {
  func isBlank(at offset: Int) -> Bool {
    let octet = octet(at: offset)
    return octet == 0x20 || octet == 0x09 || octet == 0x0A || octet == 0x0D
  }

  func endOfWord(from start: Int) -> Int {
    var end = start
    while end < byteCount, !isBlank(at: end) { end &+= 1 }
    return end
  }

  /// The key of `word` and the range of its value.
  func splitOption(_ word: Range<Int>) throws(BootOptionError) -> (BootOptionKey, Range<Int>) {
    var raw: UInt8 = 0
    while let key = BootOptionKey(rawValue: raw) {
      let byteCount = key.name.utf8CodeUnitCount
      let equals = word.lowerBound &+ byteCount
      if equals < word.upperBound, octet(at: equals) == 0x3D, hasText(key.name, at: word.lowerBound)
      {
        return (key, (equals &+ 1)..<word.upperBound)
      }
      raw &+= 1
    }
    throw BootOptionError(.unknown, at: word)
  }

  /// A decimal number without sign, of at most nine digits.
  func number(at range: Range<Int>, within bounds: ClosedRange<Int>) -> Int? {
    guard !range.isEmpty, range.count <= 9 else { return nil }
    var value = 0
    for offset in range {
      let digit = octet(at: offset) &- 0x30
      guard digit <= 9 else { return nil }
      value = value &* 10 &+ Int(digit)
    }
    return bounds.contains(value) ? value : nil
  }

  /// The name of a congestion control algorithm.
  func congestionChoice(at range: Range<Int>) -> CongestionChoice? {
    if isText("reno", at: range) { return .newReno }
    if isText("cubic", at: range) { return .cubic }
    return isText("dctcp", at: range) ? .dctcp : nil
  }

  private func isText(_ text: StaticString, at range: Range<Int>) -> Bool {
    range.count == text.utf8CodeUnitCount && hasText(text, at: range.lowerBound)
  }

  /// Four decimal numbers separated by dots.
  func address(at range: Range<Int>) -> IPv4Address? {
    var value: UInt32 = 0
    var start = range.lowerBound
    for part in 0..<4 {
      let end = part == 3 ? range.upperBound : firstIndex(of: 0x2E, in: start..<range.upperBound)
      guard let end, let number = number(at: start..<end, within: 0...255) else { return nil }
      value = value &<< 8 | UInt32(truncatingIfNeeded: number)
      start = end &+ 1
    }
    return IPv4Address(value)
  }

  /// An address, a slash and a prefix length of 1 to 32.
  func network(at range: Range<Int>) -> (IPv4Address, Int)? {
    guard let slash = firstIndex(of: 0x2F, in: range),
      let address = address(at: range.lowerBound..<slash),
      let length = number(at: (slash &+ 1)..<range.upperBound, within: 1...32)
    else { return nil }
    return (address, length)
  }

  private func firstIndex(of wanted: UInt8, in range: Range<Int>) -> Int? {
    for offset in range where octet(at: offset) == wanted { return offset }
    return nil
  }
}
