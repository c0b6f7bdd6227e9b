/// Finds the end of a chunked body (RFC 9112, section 7.1) without keeping it.
///
/// Stricter than the RFC in one place: no blanks around chunk extensions ("bad" white space).
struct ChunkedBody: BitwiseCopyable {
  private enum Place {
    case size, sizeExtension, sizeLineFeed
    case data, dataReturn, dataLineFeed
    case trailer, trailerLineFeed
  }

  private var place = Place.size
  /// Of the size line or of the trailer line so far.
  private var lineByteCount = 0
  /// Of the chunk, not yet seen.
  private var openByteCount = 0
  private var bodyByteCount = 0
  private var trailersByteCount = 0

  /// A size line with its extensions.
  private static var lineByteLimit: Int { 256 }

  /// Looks at `bytes` from `offset` on; returns where the body ends, nil if it goes on.
  ///
  /// Throws `.badRequest`, `.contentTooLarge` or `.headerFieldsTooLarge`.
  mutating func end(
    in bytes: RawSpan, from start: Int, limits: Limits
  ) throws(Status) -> Int? {
    var offset = start
    while offset < bytes.byteCount {
      if place == .data {
        let count = min(openByteCount, bytes.byteCount &- offset)
        offset &+= count
        openByteCount &-= count
        if openByteCount == 0 { place = .dataReturn }
      } else {
        let isEnd = try step(bytes.octet(offset), limits)
        offset &+= 1
        if isEnd { return offset }
      }
    }
    return nil
  }

  /// Advances over one byte outside of data; true at the end of the body.
  private mutating func step(_ byte: UInt8, _ limits: Limits) throws(Status) -> Bool {
    switch place {
    case .size: try stepSize(byte, limits)
    case .sizeExtension:
      if byte == .carriageReturn { place = .sizeLineFeed } else { try countLine(byte) }
    case .sizeLineFeed:
      guard byte == .lineFeed else { throw .badRequest }
      place = openByteCount == 0 ? .trailer : .data
      lineByteCount = 0
    case .data: break
    case .dataReturn:
      guard byte == .carriageReturn else { throw .badRequest }
      place = .dataLineFeed
    case .dataLineFeed:
      guard byte == .lineFeed else { throw .badRequest }
      place = .size
    case .trailer:
      if byte == .carriageReturn {
        place = .trailerLineFeed
      } else {
        guard byte.isText else { throw .badRequest }
        lineByteCount &+= 1
        trailersByteCount &+= 1
        if trailersByteCount > limits.fieldsByteCount { throw .headerFieldsTooLarge }
      }
    case .trailerLineFeed:
      guard byte == .lineFeed else { throw .badRequest }
      if lineByteCount == 0 { return true }
      place = .trailer
      lineByteCount = 0
    }
    return false
  }

  private mutating func stepSize(_ byte: UInt8, _ limits: Limits) throws(Status) {
    if let digit = byte.hexadecimalValue {
      try countLine(byte)
      // At most `limits.bodyByteCount` before the shift: no overflow.
      openByteCount = openByteCount &<< 4 | Int(digit)
      guard openByteCount <= limits.bodyByteCount &- bodyByteCount else { throw .contentTooLarge }
      return
    }
    guard lineByteCount > 0 else { throw .badRequest }
    bodyByteCount &+= openByteCount
    if byte == UInt8(ascii: ";") {
      place = .sizeExtension
      try countLine(byte)
    } else if byte == .carriageReturn {
      place = .sizeLineFeed
    } else {
      throw .badRequest
    }
  }

  private mutating func countLine(_ byte: UInt8) throws(Status) {
    guard byte.isText, lineByteCount < Self.lineByteLimit else { throw .badRequest }
    lineByteCount &+= 1
  }
}
