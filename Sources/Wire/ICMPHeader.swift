/// A read-only, in-place view of an ICMP message (RFC 792).
package struct ICMPHeader: ~Escapable {
  /// Type, code, checksum and the four bytes whose meaning depends on the type.
  package static var byteCount: Int { 8 }

  private let bytes: RawSpan
  private let offset: Int

  /// The message is the `byteCount` bytes from `offset`. Throws `.truncated` and `.checksum`.
  @inline(__always)
  @_lifetime(copy bytes)
  package init(parsing bytes: RawSpan, at offset: Int = 0, byteCount: Int) throws(WireError) {
    guard offset >= 0, byteCount >= Self.byteCount, byteCount <= bytes.byteCount &- offset else {
      throw .truncated
    }
    self.bytes = bytes
    self.offset = offset
    guard Checksum.of(bytes, from: offset, byteCount: byteCount) == 0 else { throw .checksum }
  }

  @inline(__always)
  package var type: ICMPType { ICMPType(bytes.octet(at: offset)) }
  @inline(__always)
  package var code: UInt8 { bytes.octet(at: offset &+ 1) }
  @inline(__always)
  package var checksum: UInt16 { bytes.bigEndian(at: offset &+ 2) }
  /// Identifier and sequence number of an echo; next-hop MTU in the low half (RFC 1191).
  @inline(__always)
  package var parameter: UInt32 { bytes.bigEndian(at: offset &+ 4) }
}

/// What an ICMP message is about (RFC 792; the errors are listed in RFC 1122, section 3.2.2).
package struct ICMPType: Hashable, BitwiseCopyable, Sendable {
  package let rawValue: UInt8

  @inline(__always)
  package init(_ rawValue: UInt8) { self.rawValue = rawValue }

  package static var echoReply: Self { Self(0) }
  package static var destinationUnreachable: Self { Self(3) }
  package static var sourceQuench: Self { Self(4) }
  package static var redirect: Self { Self(5) }
  package static var echoRequest: Self { Self(8) }
  package static var timeExceeded: Self { Self(11) }
  package static var parameterProblem: Self { Self(12) }

  /// The message quotes the packet that caused it.
  package var isError: Bool {
    self == .destinationUnreachable || self == .sourceQuench || self == .redirect
      || self == .timeExceeded || self == .parameterProblem
  }
}

/// The fields of an ICMP message to be sent.
package struct ICMPHeaderFields: BitwiseCopyable {
  package var type: ICMPType
  package var code: UInt8
  package var parameter: UInt32
  /// Over header and payload, as it goes onto the wire.
  package var checksum: UInt16 = 0

  @inline(__always)
  package init(type: ICMPType, code: UInt8, parameter: UInt32 = 0) {
    self.type = type
    self.code = code
    self.parameter = parameter
  }

  /// Fills `ICMPHeader.byteCount` bytes from `offset`.
  package func emit(into bytes: inout MutableRawSpan, at offset: Int = 0) {
    bytes.storeBigEndian(UInt16(type.rawValue) &<< 8 | UInt16(code), at: offset)
    bytes.storeBigEndian(checksum, at: offset &+ 2)
    bytes.storeBigEndian(parameter, at: offset &+ 4)
  }
}
