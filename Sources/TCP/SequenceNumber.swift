/// A TCP sequence number: arithmetic and comparison are modulo 2^32 (RFC 9293, section 3.4).
///
/// Not `Comparable`: the order is only meaningful for numbers less than 2^31 apart, and not
/// transitive beyond.
package struct SequenceNumber: Hashable, BitwiseCopyable, Sendable {
  package var rawValue: UInt32

  @inline(__always)
  package init(_ rawValue: UInt32) { self.rawValue = rawValue }

  @inline(__always)
  package static func < (a: Self, b: Self) -> Bool { a.signedDistance(from: b) < 0 }
  @inline(__always)
  package static func <= (a: Self, b: Self) -> Bool { !(b < a) }
  @inline(__always)
  package static func > (a: Self, b: Self) -> Bool { b < a }
  @inline(__always)
  package static func >= (a: Self, b: Self) -> Bool { !(a < b) }

  @inline(__always)
  package func advanced(by byteCount: UInt32) -> Self { Self(rawValue &+ byteCount) }

  /// Octets from `other` up to here, for an `other` that is not later.
  @inline(__always)
  package func distance(from other: Self) -> UInt32 { rawValue &- other.rawValue }

  /// Octets from `other` up to here, negative when `other` is later.
  @inline(__always)
  package func signedDistance(from other: Self) -> Int32 {
    Int32(bitPattern: rawValue &- other.rawValue)
  }

  @inline(__always)
  package static func later(of a: Self, _ b: Self) -> Self { a < b ? b : a }
}
