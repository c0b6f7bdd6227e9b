/// Where a word of a request lies: offsets into the bytes it was found in.
struct Field: BitwiseCopyable {
  var start: Int
  var end: Int

  @inline(__always)
  var byteCount: Int { end &- start }
}

/// Takes a command line apart at its spaces, from left to right.
struct Fields: BitwiseCopyable {
  /// Where the search for the next field begins.
  private(set) var offset: Int
  let end: Int

  /// A reader of `start..<end`, which holds no line ending.
  init(start: Int, end: Int) {
    offset = start
    self.end = end
  }

  /// The next field, nil at the end of the line.
  @inline(__always)
  mutating func next(in bytes: RawSpan) -> Field? {
    guard skipSpaces(in: bytes) else { return nil }
    let start = offset
    offset = bytes.firstOffset(of: UInt8(ascii: " "), from: start, to: end)
    return Field(start: start, end: offset)
  }

  /// Moves to the next field; false when there is none.
  @inline(__always)
  mutating func skipSpaces(in bytes: RawSpan) -> Bool {
    while offset < end, bytes.octet(offset) == UInt8(ascii: " ") { offset &+= 1 }
    return offset < end
  }

  /// How many fields are left.
  func count(in bytes: RawSpan) -> Int {
    var rest = self
    var count = 0
    while rest.next(in: bytes) != nil { count &+= 1 }
    return count
  }

  /// Whether the line ends in the field `text`.
  func lastField(in bytes: RawSpan, is text: StaticString) -> Bool {
    var rest = self
    var last: Field?
    while let field = rest.next(in: bytes) { last = field }
    guard let last else { return false }
    return bytes.bytes(of: last).isEqual(to: text)
  }
}

extension RawSpan {
  /// The unsigned decimal number that `field` is, nil when it is none or does not fit 64 bits.
  @inline(__always)
  func unsigned(_ field: Field) -> UInt64? {
    var offset = field.start
    if offset < field.end, octet(offset) == UInt8(ascii: "+") { offset &+= 1 }
    guard offset < field.end else { return nil }
    var value: UInt64 = 0
    while offset < field.end {
      let digit = octet(offset) &- UInt8(ascii: "0")
      guard digit <= 9 else { return nil }
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(UInt64(digit))
      guard !overflow, !carry else { return nil }
      value = sum
      offset &+= 1
    }
    return value
  }

  /// The signed decimal number that `field` is, nil when it is none or does not fit 64 bits.
  @inline(__always)
  func signed(_ field: Field) -> Int64? {
    guard field.byteCount > 0, octet(field.start) == UInt8(ascii: "-") else {
      return unsigned(field).flatMap { Int64(exactly: $0) }
    }
    guard field.byteCount > 1, octet(field.start &+ 1) != UInt8(ascii: "+"),
      let magnitude = unsigned(Field(start: field.start &+ 1, end: field.end))
    else { return nil }
    return Int64(exactly: magnitude).map { 0 &- $0 }
  }
}
