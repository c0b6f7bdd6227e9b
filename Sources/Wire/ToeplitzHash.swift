/// The hash by which receive-side scaling spreads flows over queues (virtio 1.2, section
/// 5.1.6.4.3; Microsoft, "RSS hashing functions"): each set bit of the input adds, modulo 2, the 32
/// bits of the key that begin at its position.
package struct ToeplitzHash: Sendable {
  package static var keyByteCount: Int { 40 }

  /// The key, 32 bits an element, in host order.
  private let key: InlineArray<10, UInt32>

  /// `key` holds the 40 bytes of the key. Throws `.truncated` when it is shorter.
  package init(key bytes: RawSpan) throws(WireError) {
    guard bytes.byteCount >= Self.keyByteCount else { throw .truncated }
    var key = InlineArray<10, UInt32>(repeating: 0)
    for index in 0..<10 { key[index] = bytes.bigEndian(at: 4 &* index) }
    self.key = key
  }

  /// The same key in its own bytes.
  package init(key bytes: InlineArray<40, UInt8>) {
    key = InlineArray<10, UInt32> { index in
      let first = 4 &* index
      return UInt32(bytes[first]) &<< 24 | UInt32(bytes[first &+ 1]) &<< 16
        | UInt32(bytes[first &+ 2]) &<< 8 | UInt32(bytes[first &+ 3])
    }
  }

  private init(key: InlineArray<10, UInt32>) { self.key = key }

  /// The key of Microsoft's verification suite, which most network cards start with.
  package static var usual: Self {
    Self(key: [
      0x6d5a_56da, 0x255b_0ec2, 0x4167_253d, 0x43a3_8fb0, 0xd0ca_2bcb, 0xae7b_30b4, 0x77cb_2da3,
      0x8030_f20c, 0x6a42_b73b, 0xbeac_01fa,
    ])
  }

  /// The key as it lies in memory.
  package var keyBytes: InlineArray<40, UInt8> {
    InlineArray<40, UInt8> { index in
      UInt8(truncatingIfNeeded: key[index >> 2] >> UInt32(24 - 8 * (index & 3)))
    }
  }

  /// Of a TCP or UDP packet over IPv4. Given the packet's own fields, not in reverse.
  package func hash(
    from source: IPv4Address, to destination: IPv4Address, sourcePort: UInt16,
    destinationPort: UInt16
  ) -> UInt32 {
    part(source.rawValue, at: 0) ^ part(destination.rawValue, at: 1)
      ^ part(UInt32(sourcePort) &<< 16 | UInt32(destinationPort), at: 2)
  }

  /// Of any other IPv4 packet.
  package func hash(from source: IPv4Address, to destination: IPv4Address) -> UInt32 {
    part(source.rawValue, at: 0) ^ part(destination.rawValue, at: 1)
  }

  /// What 32 bits of input, the word `index` of it, contribute. `index` is less than 9.
  package func part(_ word: UInt32, at index: Int) -> UInt32 {
    var window = UInt64(key[index]) &<< 32 | UInt64(key[index &+ 1])
    var remaining = word
    var result: UInt32 = 0
    for _ in 0..<32 {
      // All ones where the bit is set: no branch that an attacker's addresses decide.
      let isSet = UInt32(bitPattern: Int32(bitPattern: remaining) &>> 31)
      result ^= UInt32(truncatingIfNeeded: window &>> 32) & isSet
      window &<<= 1
      remaining &<<= 1
    }
    return result
  }
}
