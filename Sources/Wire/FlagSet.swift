/// A set of named bits of one integer: what `OptionSet` is, without its array literals, which need a
/// heap.
package protocol FlagSet: Hashable, BitwiseCopyable, Sendable {
  associatedtype RawValue: FixedWidthInteger & BitwiseCopyable
  var rawValue: RawValue { get }
  init(rawValue: RawValue)
}

extension FlagSet {
  @inline(__always)
  package static var none: Self { Self(rawValue: 0) }
  @inline(__always)
  package var isEmpty: Bool { rawValue == 0 }
  /// Whether all bits of `other` are set.
  @inline(__always)
  package func contains(_ other: Self) -> Bool { rawValue & other.rawValue == other.rawValue }
  /// Whether at least one bit of `other` is set.
  @inline(__always)
  package func intersects(_ other: Self) -> Bool { rawValue & other.rawValue != 0 }
  @inline(__always)
  package mutating func insert(_ other: Self) { self = self | other }
  @inline(__always)
  package mutating func remove(_ other: Self) { self = self - other }
  @inline(__always)
  package static func | (a: Self, b: Self) -> Self { Self(rawValue: a.rawValue | b.rawValue) }
  @inline(__always)
  package static func & (a: Self, b: Self) -> Self { Self(rawValue: a.rawValue & b.rawValue) }
  /// The bits of `a` that are not in `b`.
  @inline(__always)
  package static func - (a: Self, b: Self) -> Self { Self(rawValue: a.rawValue & ~b.rawValue) }
}
