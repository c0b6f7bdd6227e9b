/// Which bytes of a representation a Range field asks for (RFC 9110, section 14).
enum ByteRange: Equatable {
  /// All of them: the field is not understood, or asks for several ranges, which costs a server
  /// much and is of use to hardly anyone (sections 14.2 and 17.15 allow that).
  case whole
  /// At least one byte.
  case part(Range<Int>)
  /// None that exists: 416.
  case unsatisfiable

  /// Reads a Range field's value. `byteCount` is that of the representation.
  init(_ value: Range<Int>, in head: RawSpan, of byteCount: Int) {
    self = .whole
    let unit: StaticString = "bytes="
    let start = value.lowerBound &+ unit.utf8CodeUnitCount
    guard start <= value.upperBound,
      head.equals(caseless: unit, in: value.lowerBound..<start)
    else { return }
    let specification = head.trimmed(start..<value.upperBound)
    guard let dash = head.firstOffset(of: UInt8(ascii: "-"), in: specification) else { return }
    let first = head.decimal(in: specification.lowerBound..<dash, limit: .max)
    let last = head.decimal(in: dash &+ 1..<specification.upperBound, limit: .max)
    let hasFirst = dash > specification.lowerBound
    let hasLast = dash &+ 1 < specification.upperBound
    switch (first, last) {
    case (let first?, let last?):
      // Section 14.1.1: a last position before the first is invalid.
      if first <= last { self = Self.from(first, through: last, of: byteCount) }
    case (let first?, nil) where !hasLast:
      self = Self.from(first, through: .max, of: byteCount)
    case (nil, let suffix?) where !hasFirst:
      if suffix == 0 {
        self = .unsatisfiable
      } else if byteCount > 0 {
        self = .part(max(byteCount &- suffix, 0)..<byteCount)
      }
    case (_, nil), (nil, _): break
    }
  }

  private static func from(_ first: Int, through last: Int, of byteCount: Int) -> Self {
    guard first < byteCount else { return .unsatisfiable }
    return .part(first..<min(last, byteCount &- 1) &+ 1)
  }
}
