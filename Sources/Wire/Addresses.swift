/// A 48-bit IEEE 802 MAC address.
package struct MACAddress: Hashable, BitwiseCopyable, Sendable {
  /// As it lies in frames, in the low 48 bits: every frame compares or writes two.
  let word: UInt64

  /// First octet on the wire is bits 40..47; those above are ignored.
  @inline(__always)
  package init(_ rawValue: UInt64) { word = rawValue.bigEndian &>> 16 }

  /// First octet on the wire is bits 40..47.
  @inline(__always)
  package var rawValue: UInt64 { word.bigEndian &>> 16 }

  package static var broadcast: Self { Self(0xFFFF_FFFF_FFFF) }

  /// The I/G bit: group addresses, broadcast included, never are a sender (IEEE 802, section 8.2).
  @inline(__always)
  package var isGroup: Bool { word & 1 != 0 }
}

/// An IPv4 address in host byte order.
package struct IPv4Address: Hashable, BitwiseCopyable, Sendable {
  package let rawValue: UInt32

  @inline(__always)
  package init(_ rawValue: UInt32) { self.rawValue = rawValue }
  package init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
    rawValue = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
  }

  package static var any: Self { Self(0) }
  package static var broadcast: Self { Self(.max) }

  /// 224.0.0.0/4 (RFC 5771).
  package var isMulticast: Bool { rawValue >> 28 == 0xE }
  /// 127.0.0.0/8 (RFC 1122, section 3.2.1.3 (g)).
  package var isLoopback: Bool { rawValue >> 24 == 127 }
  /// 240.0.0.0/4 (RFC 1112, section 4), the limited broadcast address included.
  package var isReserved: Bool { rawValue >> 28 == 0xF }
  /// 0.0.0.0/8: "this network" (RFC 1122, section 3.2.1.3 (a)).
  package var isThisNetwork: Bool { rawValue >> 24 == 0 }
}
