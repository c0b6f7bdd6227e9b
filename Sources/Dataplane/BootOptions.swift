import TCP
import Wire

/// The kernel command line: `key=value` words, separated by blanks.
///
/// `ip=10.0.0.2/24 gateway=10.0.0.1 batch=64 cores=1 args=the rest of the line`. Every key is
/// optional and may appear once.
package struct BootOptions: Sendable {
  /// `ip=`: our own address; nil when the dataplane has no network.
  package var address: IPv4Address?
  /// Bits of `address` that name the network.
  package var prefixLength = 0
  /// `gateway=`: next hop for everything outside the network.
  package var gateway: IPv4Address?
  /// `batch=`: the bound B, most frames of one batch; 1 to 1024.
  package var batchBound = 64
  /// `cores=`: elastic threads; 1 to 64.
  package var coreCount = 1
  /// `spin=`: microseconds without a frame after which a core sleeps; 0 to 999,999,999.
  package var spinMicroseconds = 1000
  /// `congestion=`: `reno`, `cubic` or `dctcp`, which asks for ECN, too.
  package var congestion = CongestionChoice.cubic
  /// `args=`: the application's arguments, as offsets in the line.
  package var arguments = 0..<0

  /// What an empty command line means.
  package init() {}

  /// Throws for the first word that is not an option.
  package init(parsing line: RawSpan) throws(BootOptionError) {
    var seen: UInt16 = 0
    var offset = 0
    while offset < line.byteCount {
      guard !line.isBlank(at: offset) else {
        offset &+= 1
        continue
      }
      var word = offset..<line.endOfWord(from: offset)
      let (key, value) = try line.splitOption(word)
      if key == .arguments { word = word.lowerBound..<line.byteCount }
      guard seen & key.mask == 0 else { throw BootOptionError(.repeated, at: word) }
      seen |= key.mask
      try set(key, to: value.lowerBound..<word.upperBound, of: line, word: word)
      offset = word.upperBound
    }
  }

  private mutating func set(
    _ key: BootOptionKey, to value: Range<Int>, of line: RawSpan, word: Range<Int>
  ) throws(BootOptionError) {
    switch key {
    case .address:
      guard let (address, length) = line.network(at: value), address.canBeOurs else {
        throw BootOptionError(.malformed, at: word)
      }
      self.address = address
      prefixLength = length
    case .gateway:
      guard let gateway = line.address(at: value), gateway.canBeOurs else {
        throw BootOptionError(.malformed, at: word)
      }
      self.gateway = gateway
    case .batch:
      guard let bound = line.number(at: value, within: 1...1024) else {
        throw BootOptionError(.malformed, at: word)
      }
      batchBound = bound
    case .cores:
      guard let count = line.number(at: value, within: 1...64) else {
        throw BootOptionError(.malformed, at: word)
      }
      coreCount = count
    case .spin:
      guard let count = line.number(at: value, within: 0...999_999_999) else {
        throw BootOptionError(.malformed, at: word)
      }
      spinMicroseconds = count
    case .congestion:
      guard let choice = line.congestionChoice(at: value) else {
        throw BootOptionError(.malformed, at: word)
      }
      congestion = choice
    case .arguments:
      arguments = value
    }
  }
}

/// Why a command line was refused, and which word of it.
package struct BootOptionError: Error, Sendable, Equatable {
  package enum Reason: BitwiseCopyable, Sendable, Equatable {
    /// No such option.
    case unknown
    /// The value is not what the option takes.
    case malformed
    /// The option was given before.
    case repeated
  }

  package let reason: Reason
  /// Offsets of the word in the line.
  package let word: Range<Int>

  package init(_ reason: Reason, at word: Range<Int>) {
    self.reason = reason
    self.word = word
  }
}

extension IPv4Address {
  /// Whether this can be the address of a host (RFC 1122, section 3.2.1.3).
  fileprivate var canBeOurs: Bool {
    !(isMulticast || isReserved || isLoopback || isThisNetwork)
  }
}
