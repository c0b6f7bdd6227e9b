/// Names a TCP connection of one core across the ring boundary. It carries enough to refuse a stale,
/// forged or foreign one: index (bits 0..23), flow group (24..39) and generation (40..62).
/// Bit 63 is zero, so that a handle is never taken for an error code.
public struct Handle: Hashable, BitwiseCopyable, Sendable {
  public let rawValue: UInt64

  @inline(__always)
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Generations wrap here.
  public static var generationMask: UInt32 { 0x7F_FFFF }

  /// Only the low 24, 16 and 23 bits are used.
  @inline(__always)
  public init(index: UInt32, flowGroup: UInt16, generation: UInt32) {
    rawValue =
      UInt64(index & 0xFF_FFFF) | UInt64(flowGroup) << 24 | UInt64(generation & Self.generationMask)
      << 40
  }

  @inline(__always)
  public var index: UInt32 { UInt32(truncatingIfNeeded: rawValue) & 0xFF_FFFF }
  @inline(__always)
  public var flowGroup: UInt16 { UInt16(truncatingIfNeeded: rawValue &>> 24) }
  @inline(__always)
  public var generation: UInt32 {
    UInt32(truncatingIfNeeded: rawValue &>> 40) & Self.generationMask
  }
}
