// Composing heads and small bodies.

extension [UInt8] {
  mutating func append(_ text: StaticString) { append(text.bytes) }

  /// Appends `value` in decimal digits.
  mutating func append(decimal value: UInt64) {
    let start = count
    var rest = value
    repeat {
      append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    self[start...].reverse()
  }

  mutating func append(decimal value: Int) { append(decimal: UInt64(value.magnitude)) }

  /// Appends a status line and the fields that every reply has.
  mutating func appendHead(_ status: Status) {
    append("HTTP/1.1 ")
    append(status.text)
    append("\r\nServer: IX\r\n")
  }
}
