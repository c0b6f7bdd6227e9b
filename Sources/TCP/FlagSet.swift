/// A set of flags kept in one integer: what `OptionSet` is, without its array literals.
protocol FlagSet: BitwiseCopyable, Sendable {
  associatedtype RawValue: FixedWidthInteger & BitwiseCopyable
  var rawValue: RawValue { get set }
  init(rawValue: RawValue)
}

extension FlagSet {
  @inline(__always)
  static var none: Self { Self(rawValue: 0) }
  @inline(__always)
  var isEmpty: Bool { rawValue == 0 }
  /// Whether all flags of `other` are set.
  @inline(__always)
  func contains(_ other: Self) -> Bool { rawValue & other.rawValue == other.rawValue }
  /// Whether at least one flag of `other` is set.
  @inline(__always)
  func intersects(_ other: Self) -> Bool { rawValue & other.rawValue != 0 }
  @inline(__always)
  mutating func insert(_ other: Self) { rawValue |= other.rawValue }
  @inline(__always)
  mutating func remove(_ other: Self) { rawValue &= ~other.rawValue }
  @inline(__always)
  static func | (a: Self, b: Self) -> Self { Self(rawValue: a.rawValue | b.rawValue) }
}
