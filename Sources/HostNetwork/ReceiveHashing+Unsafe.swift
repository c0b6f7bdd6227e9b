import Wire

extension ReceiveHashing {
  /// VIRTIO_NET_HASH_TYPE_IPv4, TCPv4 and UDPv4 (virtio 1.2, section 5.1.6.4.3.1): what is hashed
  /// here.
  package static let supportedKinds: UInt32 = ipv4 | tcp4 | udp4
  private static let ipv4: UInt32 = 1
  private static let tcp4: UInt32 = 2
  private static let udp4: UInt32 = 4

  /// The receive queue of a frame with a virtio header in front.
  func queue(of frame: [UInt8]) -> Int {
    guard let hash = hash(of: frame), !table.isEmpty else { return Int(unclassified) }
    return Int(table[Int(hash) & (table.count - 1)])
  }

  /// Its hash; nil when it is of no kind that is to be hashed. Fragments have no ports.
  private func hash(of frame: [UInt8]) -> UInt32? {
    // SAFETY: every byte of an array of bytes is initialised.
    let bytes = unsafe frame.span.bytes
    let start = TapPort.headerByteCount + 14
    guard bytes.byteCount >= start + 20,
      bytes.bigEndian(at: start - 2) as UInt16 == 0x0800, bytes.octet(at: start) >> 4 == 4
    else { return nil }
    let ports = start + Int(bytes.octet(at: start) & 15) * 4
    let fragmentField: UInt16 = bytes.bigEndian(at: start + 6)
    let isFragment = fragmentField & 0x3FFF != 0
    let kind: UInt32 =
      switch bytes.octet(at: start + 9) {
      case 6: Self.tcp4
      case 17: Self.udp4
      default: 0
      }
    let source = IPv4Address(bytes.bigEndian(at: start + 12))
    let destination = IPv4Address(bytes.bigEndian(at: start + 16))
    if kinds & kind != 0, !isFragment, bytes.byteCount >= ports + 4 {
      return toeplitz?.hash(
        from: source, to: destination, sourcePort: bytes.bigEndian(at: ports),
        destinationPort: bytes.bigEndian(at: ports + 2))
    }
    return kinds & Self.ipv4 != 0 ? toeplitz?.hash(from: source, to: destination) : nil
  }

  private var toeplitz: ToeplitzHash? {
    // SAFETY: every byte of an array of bytes is initialised.
    unsafe try? ToeplitzHash(key: key.span.bytes)
  }
}
