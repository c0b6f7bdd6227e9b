/// Where a server is.
struct Endpoint: CustomStringConvertible {
  /// IPv4, host byte order.
  let address: UInt32
  let port: UInt16

  init(_ address: String, port: UInt16) throws(LoadError) {
    guard let number = parseIPv4(address) else {
      throw LoadError("\(address): not an IPv4 address")
    }
    self.address = number
    self.port = port
  }

  var description: String {
    let bytes = stride(from: 24, through: 0, by: -8).map { String(address >> $0 & 255) }
    return bytes.joined(separator: ".") + ":\(port)"
  }
}

/// A dotted quad as a number.
func parseIPv4(_ text: some StringProtocol) -> UInt32? {
  let parts = text.split(separator: ".", omittingEmptySubsequences: false)
  guard parts.count == 4 else { return nil }
  var number: UInt32 = 0
  for part in parts {
    guard let byte = UInt8(part) else { return nil }
    number = number << 8 | UInt32(byte)
  }
  return number
}

/// `FIRST-LAST` or one address, as a range.
func parseIPv4Range(_ text: String) -> ClosedRange<UInt32>? {
  let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(parseIPv4)
  guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first <= last
  else { return nil }
  return first...last
}
