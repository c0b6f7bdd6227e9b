/// Named figures, shown as one line or as a JSON object.
struct Figures {
  private enum Value {
    case text(String)
    case number(Double, digits: Int)
    case count(Int)
  }

  private var entries: [(name: String, value: Value)] = []

  mutating func add(_ name: String, _ text: String) { entries.append((name, .text(text))) }
  mutating func add(_ name: String, _ count: Int) { entries.append((name, .count(count))) }
  mutating func add(_ name: String, _ number: Double, digits: Int) {
    entries.append((name, .number(number, digits: digits)))
  }

  func show(json: Bool) {
    let words = entries.map { name, value in
      switch value {
      case .text(let text): json ? "\"\(name)\": \"\(text)\"" : "\(name) \(text)"
      case .number(let number, let digits):
        json ? "\"\(name)\": \(fixed(number, digits))" : "\(name) \(fixed(number, digits))"
      case .count(let count): json ? "\"\(name)\": \(count)" : "\(name) \(count)"
      }
    }
    print(json ? "{" + words.joined(separator: ", ") + "}" : words.joined(separator: " "))
  }
}

extension Figures {
  /// What a run of an engine has measured.
  init(_ record: Record, workload: String, connections: Int, rate offered: Double?) {
    add("workload", workload)
    add("connections", connections)
    if let offered { add("offered", offered, digits: 0) }
    add("messages", record.finished)
    add("unfinished", record.unfinished)
    add("opened", record.connectionsOpened)
    add("bytes", record.byteCount)
    add("seconds", record.seconds, digits: 3)
    add("rate", record.rate, digits: 1)
    add("mbits", Double(record.byteCount) * 8 / max(record.seconds, 1e-9) / 1e6, digits: 1)
    add("p50us", record.microseconds(50), digits: 1)
    add("p99us", record.microseconds(99), digits: 1)
    add("p999us", record.microseconds(99.9), digits: 1)
    add("maxus", record.microseconds(100), digits: 1)
  }
}

/// `value` with `digits` decimals.
func fixed(_ value: Double, _ digits: Int) -> String {
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let scaled = Int((value * scale).rounded())
  guard digits > 0 else { return String(scaled) }
  let fraction = String(scaled % Int(scale))
  let zeros = String(repeating: "0", count: digits - fraction.count)
  return "\(scaled / Int(scale)).\(zeros)\(fraction)"
}
