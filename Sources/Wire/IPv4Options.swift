/// What is to be done with a packet that carries IPv4 options.
package enum IPv4OptionsVerdict: BitwiseCopyable, Sendable {
  /// Nothing in them concerns us (RFC 1122, section 3.2.1.8: options not understood are ignored).
  case ignorable
  /// Loose or strict source route: a way around filters, refused (RFC 7126, section 4.3).
  case sourceRoute
  /// A length that is less than two or leads out of the header.
  case malformed
}

extension IPv4Header {
  @inline(__always)
  package var hasOptions: Bool { headerByteCount > Self.byteCount }

  /// Walks the options; every step makes progress, so there are at most 40.
  package var optionsVerdict: IPv4OptionsVerdict {
    var index = Self.byteCount
    while index < headerByteCount {
      let kind = optionOctet(at: index)
      switch kind {
      case 0: return .ignorable  // end of option list
      case 1: index &+= 1  // no operation
      default:
        guard index &+ 1 < headerByteCount else { return .malformed }
        let byteCount = Int(optionOctet(at: index &+ 1))
        guard byteCount >= 2, index &+ byteCount <= headerByteCount else { return .malformed }
        if kind == 131 || kind == 137 { return .sourceRoute }
        index &+= byteCount
      }
    }
    return .ignorable
  }
}
