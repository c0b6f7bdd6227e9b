import Wire

/// The clients: no stack, only frames, with the options of Linux.
struct Peer {
  private static let address = IPv4Address(10, 0, 0, 1)
  private static let server = IPv4Address(10, 0, 0, 2)
  private static let hardware = MACAddress(0x0200_0000_0001)
  static let messageByteCount = 64

  let port: UInt16
  private var next: UInt32 = 1000
  private var expected: UInt32 = 0
  private var echo: UInt32 = 0
  private var clock: UInt32 = 1

  init(port: UInt16) { self.port = port }

  /// Lets the server learn our hardware address.
  static func introduce(to device: inout LineDevice) {
    var bytes = MutableRawSpan(_unsafeStart: device.arriving, byteCount: 60)
    EthernetHeaderFields(destination: device.macAddress, source: hardware, type: .arp)
      .emit(into: &bytes)
    ARPPacketFields(
      operation: .request, senderHardware: hardware, senderAddress: address,
      targetHardware: MACAddress(0), targetAddress: server
    ).emit(into: &bytes, at: EthernetHeader.byteCount)
    device.arrivingByteCount = 60
  }

  func open(_ device: inout LineDevice) {
    var options = TCPOptions()
    options.maximumSegmentByteCount = 1460
    options.isSACKPermitted = true
    options.windowScale = 7
    options.hasTimestamps = true
    options.timestampValue = clock
    let header = TCPHeaderFields(
      sourcePort: port, destinationPort: 7, sequence: next &- 1, acknowledgment: 0, flags: .syn,
      window: 65_535, options: options)
    var bytes = MutableRawSpan(_unsafeStart: device.arriving, byteCount: 34 + header.byteCount)
    EthernetHeaderFields(destination: device.macAddress, source: Self.hardware, type: .ipv4)
      .emit(into: &bytes)
    IPv4HeaderFields(
      source: Self.address, destination: Self.server, protocolNumber: .tcp,
      payloadByteCount: header.byteCount
    ).emit(into: &bytes, at: EthernetHeader.byteCount)
    header.emit(into: &bytes, at: 34)
    device.arrivingByteCount = 34 + header.byteCount
  }

  /// Acknowledges the server's SYN.
  mutating func complete(_ device: inout LineDevice) {
    let sent = RawSpan(_unsafeStart: device.sentHeader, byteCount: LineDevice.slotByteCount)
    expected = (sent.bigEndian(at: 38) as UInt32) &+ 1
    say(byteCount: 0, &device)
  }

  mutating func say(byteCount: Int = messageByteCount, _ device: inout LineDevice) {
    clock &+= 1
    let frame = UsualFrame(
      addresses: UInt64(Self.address.rawValue.bigEndian)
        | UInt64(Self.server.rawValue.bigEndian) << 32,
      ports: UInt32(port.bigEndian) | UInt32(UInt16(7).bigEndian) << 16, sequence: next,
      acknowledgment: expected, window: 501, hasTimestamps: true, timestampValue: clock,
      timestampEcho: echo, payloadByteCount: byteCount)
    var bytes = MutableRawSpan(_unsafeStart: device.arriving, byteCount: frame.headerByteCount)
    frame.emit(from: Self.hardware, to: device.macAddress, checksum: 0, into: &bytes)
    device.arrivingByteCount = frame.headerByteCount + byteCount
    next &+= UInt32(byteCount)
  }

  /// Insists on the echo of what was said, in one segment with the acknowledgment.
  mutating func hear(_ device: borrowing LineDevice) {
    let sent = RawSpan(_unsafeStart: device.sentHeader, byteCount: LineDevice.slotByteCount)
    guard device.sentByteCount == Self.messageByteCount,
      sent.bigEndian(at: 36) as UInt16 == port, sent.bigEndian(at: 38) as UInt32 == expected,
      sent.bigEndian(at: 42) as UInt32 == next
    else { fatalError("not an echo") }
    echo = sent.bigEndian(at: 58)
    expected &+= UInt32(Self.messageByteCount)
  }
}
