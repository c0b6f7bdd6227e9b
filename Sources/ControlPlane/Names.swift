import IXABI
import Network

// The names of metrics are made from the names of the cases: `tcpRetransmittedSegments` is
// "tcp_retransmitted_segments".

/// "queueDepth" as "queue_depth"; a run of capitals is one word.
func snakeCase(_ name: String) -> String {
  let letters = Array(name)
  var result = ""
  for (index, letter) in letters.enumerated() {
    let beginsWord =
      letter.isUppercase && index > 0
      && (!letters[index - 1].isUppercase
        || (index + 1 < letters.count && letters[index + 1].isLowercase))
    if beginsWord { result += "_" }
    result += letter.lowercased()
  }
  return result
}

/// The names of an enumeration without gaps, in order.
private func names<Case: RawRepresentable>(of type: Case.Type) -> [String]
where Case.RawValue == Int {
  var result: [String] = []
  while let value = Case(rawValue: result.count) { result.append(snakeCase("\(value)")) }
  return result
}

package enum Names {
  package static let gauges = names(of: ControlGauge.self)
  package static let counters = names(of: ControlCounter.self)
  /// By number; nil where there is none.
  package static let drops: [String?] = {
    var all = [String?](repeating: nil, count: ControlDrop.base)
    for (index, name) in names(of: DropReason.self).enumerated() { all[index] = name }
    return all + names(of: ControlDrop.self)
  }()
}

extension CoreSnapshot {
  /// Frames and segments dropped, by reason; reasons that never occurred are left out.
  package var dropsByReason: [(name: String, count: UInt64)] {
    zip(Names.drops, drops).compactMap { name, count in
      name.flatMap { count > 0 ? ($0, count) : nil }
    }
  }
}
