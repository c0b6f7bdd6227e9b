/// The control bits of a TCP header (RFC 9293, section 3.1; ECE and CWR: RFC 3168, section 6.1).
package struct TCPFlags: FlagSet {
  package let rawValue: UInt8

  @inline(__always)
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static var fin: Self { Self(rawValue: 0x01) }
  package static var syn: Self { Self(rawValue: 0x02) }
  package static var rst: Self { Self(rawValue: 0x04) }
  package static var psh: Self { Self(rawValue: 0x08) }
  package static var ack: Self { Self(rawValue: 0x10) }
  package static var urg: Self { Self(rawValue: 0x20) }
  package static var ece: Self { Self(rawValue: 0x40) }
  package static var cwr: Self { Self(rawValue: 0x80) }
}
