import IXABI
import Packets
import Wire

/// UDP's state on one core: bound ports and datagrams on their way in or out, all bounded.
package struct DatagramPorts: ~Copyable {
  /// A datagram the application has not been told about.
  struct Received: BitwiseCopyable {
    var source = IPv4Address.any
    var sourcePort: UInt16 = 0
    var destinationPort: UInt16 = 0
    var buffer = PacketPool.none
    var offset: UInt16 = 0
    var byteCount: UInt16 = 0
  }

  /// A datagram the device, or its neighbour's silence, will finish.
  struct Sent: BitwiseCopyable {
    var cookie: UInt64 = 0
    var ticket: UInt32 = 0
    var status = Status.ok
  }

  /// A datagram whose neighbour is being asked for (RFC 1122, section 2.3.2.2, wants at least one
  /// kept).
  struct Waiting: BitwiseCopyable {
    var datagram = OutgoingDatagram(remoteAddress: .any, remotePort: 0, localPort: 0)
    var retained = PacketPool.none
    var fragmentCount = 0
    var fragments = InlineArray<18, Fragment>(
      repeating: Fragment(address: KernelAddress(0), byteCount: 0))
  }

  /// `PacketMetadata.holder` of buffers the application must return by `datagramReceiveDone`. No
  /// connection has this index: they have 24 bits.
  package static var holder: UInt32 { .max - 1 }

  /// One bit for each bound port.
  private var bound: Table<UInt64>
  var received: Ring<Received>
  var sent: Ring<Sent>
  var waiting: Ring<Waiting>
  /// As the device last had it.
  var completedTransmissions: UInt32 = 0
  /// Buffers that are queued here or lent to the application.
  var heldCount = 0
  /// Most of them: the rest of the pool is for everybody else.
  let holdLimit: Int
  /// Free buffers that datagrams leave to acknowledgments, pings and ARP.
  let reservedCount: Int

  /// There is, or will be, something to tell the application.
  @inline(__always)
  var hasEvents: Bool { received.count > 0 || sent.count > 0 }

  /// `bufferCount` is that of the pool. Nil when the arena is too small.
  init?(bufferCount: Int, arena: inout Arena) {
    let holdLimit = max(bufferCount / 2, 1)
    guard let bound = arena.carve(count: 65_536 / 64, repeating: 0 as UInt64),
      let received = Ring(capacity: holdLimit, placeholder: Received(), arena: &arena),
      let sent = Ring(capacity: 512, placeholder: Sent(), arena: &arena),
      let waiting = Ring(capacity: 16, placeholder: Waiting(), arena: &arena)
    else { return nil }
    self.bound = bound
    self.received = received
    self.sent = sent
    self.waiting = waiting
    self.holdLimit = holdLimit
    reservedCount = min(32, bufferCount / 16)
  }

  @inline(__always)
  func isBound(_ port: UInt16) -> Bool {
    bound[Int(port &>> 6)] & 1 &<< UInt64(port & 63) != 0
  }

  /// `.badArgument` for port zero, `.portInUse` for a bound one.
  mutating func bind(_ port: UInt16) -> Status {
    guard port != 0 else { return .badArgument }
    guard !isBound(port) else { return .portInUse }
    bound[Int(port &>> 6)] |= 1 &<< UInt64(port & 63)
    return .ok
  }

  /// Every datagram taken for sending will find a place in `sent`.
  var hasRoomToSend: Bool { sent.roomCount > waiting.count }

  mutating func complete(_ datagram: Sent) {
    let isQueued = sent.append(datagram)
    precondition(isQueued, "room was checked when the datagram was taken")
  }

  /// The next datagram the device has finished with, in the order of sending; nil when there is
  /// none.
  mutating func removeFinished() -> Sent? {
    guard let sent = sent.oldest,
      Int32(truncatingIfNeeded: completedTransmissions &- sent.ticket) >= 0
    else { return nil }
    return self.sent.removeFirst()
  }
}

extension DatagramPorts.Waiting {
  /// At most `Fragment.limit` fragments.
  init(_ datagram: OutgoingDatagram, _ fragments: Span<Fragment>, retained: UInt32) {
    self.datagram = datagram
    self.retained = retained
    fragmentCount = fragments.count
    for index in fragments.indices { self.fragments[index] = fragments[index] }
  }
}
