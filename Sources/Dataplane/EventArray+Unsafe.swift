import CIXABI
import IXABI
import Network
import Packets
import TCP
import Wire

/// One core's array of event conditions, read-only in ring 3. It is filled from its beginning in
/// every cycle and never overflows: the stack keeps what does not fit.
@safe
package struct EventArray: ~Copyable {
  package let capacity: Int
  /// Events that this cycle may have.
  private var limit: Int
  /// Events of this cycle.
  package private(set) var count = 0
  /// What the application has asked for with its latest `poll`.
  package var mergesSent = false
  package var letsConnectionsGo = false
  private let events: UnsafeMutablePointer<EventDescriptor>
  private let receiveWindow: UserAddress

  /// As many events as fit into `memory`, which must stay valid for the life of the array.
  /// `receiveWindow` is where ring 3 sees the first buffer of the packet pool.
  package init(memory: MemoryRegion, receiveWindow: UserAddress) {
    capacity = memory.byteCount / MemoryLayout<EventDescriptor>.stride
    limit = capacity
    // SAFETY: the kernel owns the region; descriptors have no invalid bit pattern.
    unsafe events = unsafe memory.pointer.bindMemory(
      to: EventDescriptor.self, capacity: capacity)
    self.receiveWindow = receiveWindow
  }

  /// Starts a new cycle.
  package mutating func removeAll() { count = 0 }

  /// Ring 3 is reading the array: there is no room until `resume`.
  mutating func suspend() { limit = count }
  mutating func resume() { limit = capacity }

  @inline(__always)
  private mutating func append(_ event: EventDescriptor) {
    precondition(count < limit, "the array of event conditions is full")
    // SAFETY: the index was checked.
    unsafe events[count] = event
    count &+= 1
  }

  @inline(__always)
  private static func event(_ kind: EventKind, _ handle: Handle, _ cookie: UInt64)
    -> EventDescriptor
  {
    var event = EventDescriptor()
    event.kind = kind.rawValue
    event.handle = handle.rawValue
    event.cookie = cookie
    return event
  }

  /// The byte of pool buffer `buffer` that ring 3 sees at `address`, counted from the buffer's first;
  /// any number at all when it is none of that buffer's.
  @inline(__always)
  func offset(of address: UInt64, in buffer: UInt32) -> UInt64 {
    address &- userAddress(buffer: buffer, offset: 0)
  }

  /// Where ring 3 sees byte `offset` of a pool buffer.
  @inline(__always)
  private func userAddress(buffer: UInt32, offset: Int) -> UInt64 {
    receiveWindow.rawValue &+ UInt64(buffer) &* UInt64(PacketPool.bufferByteCount)
      &+ UInt64(truncatingIfNeeded: offset)
  }
}

extension EventArray: ConnectionEvents {
  @inline(__always)
  package var roomCount: Int { limit &- count }

  package mutating func knock(_ handle: Handle, flow: Flow) {
    var event = Self.event(.tcpKnock, handle, 0)
    event.remote_address = flow.remoteAddress.rawValue
    event.remote_port = flow.remotePort
    event.local_port = flow.localPort
    append(event)
  }

  package mutating func connected(_ handle: Handle, cookie: UInt64, reason: Reason) {
    var event = Self.event(.tcpConnected, handle, cookie)
    event.reason = reason.rawValue
    append(event)
  }

  @inline(__always)
  package mutating func received(
    _ handle: Handle, cookie: UInt64, buffer: UInt32, offset: Int, byteCount: Int
  ) {
    received(
      handle, cookie: cookie, buffer: buffer, offset: offset, byteCount: byteCount,
      acknowledged: 0, window: 0)
  }

  @inline(__always)
  package mutating func received(
    _ handle: Handle, cookie: UInt64, buffer: UInt32, offset: Int, byteCount: Int,
    acknowledged: UInt32, window: UInt32
  ) {
    var event = Self.event(.tcpReceived, handle, cookie)
    event.address = userAddress(buffer: buffer, offset: offset)
    event.buffer = buffer
    event.byte_count = UInt32(truncatingIfNeeded: byteCount)
    event.acknowledged = acknowledged
    event.window = window
    append(event)
  }

  @inline(__always)
  package mutating func sent(_ handle: Handle, cookie: UInt64, byteCount: Int, window: Int) {
    var event = Self.event(.tcpSent, handle, cookie)
    event.byte_count = UInt32(clamping: byteCount)
    event.window = UInt32(clamping: window)
    append(event)
  }

  package mutating func peerClosed(_ handle: Handle, cookie: UInt64) {
    append(Self.event(.tcpPeerClosed, handle, cookie))
  }

  package mutating func leaving(_ handle: Handle, cookie: UInt64) {
    append(Self.event(.tcpLeaving, handle, cookie))
  }

  package mutating func arrived(_ handle: Handle, cookie: UInt64, flow: Flow) {
    var event = Self.event(.tcpArrived, handle, cookie)
    event.remote_address = flow.remoteAddress.rawValue
    event.remote_port = flow.remotePort
    event.local_port = flow.localPort
    append(event)
  }

  package mutating func dead(_ handle: Handle, cookie: UInt64, reason: Reason) {
    var event = Self.event(.tcpDead, handle, cookie)
    event.reason = reason.rawValue
    append(event)
  }
}

extension EventArray {
  package mutating func timerFired(_ number: UInt32, cookie: UInt64) {
    append(Self.event(.timerFired, Handle(rawValue: UInt64(number)), cookie))
  }
}

extension EventArray: DatagramEvents {
  package mutating func datagram(
    from address: IPv4Address, remotePort: UInt16, localPort: UInt16, buffer: UInt32, offset: Int,
    byteCount: Int
  ) {
    var event = Self.event(.udpReceived, Handle(rawValue: 0), 0)
    event.remote_address = address.rawValue
    event.remote_port = remotePort
    event.local_port = localPort
    event.address = userAddress(buffer: buffer, offset: offset)
    event.buffer = buffer
    event.byte_count = UInt32(truncatingIfNeeded: byteCount)
    append(event)
  }

  package mutating func datagramSent(cookie: UInt64, status: Status) {
    var event = Self.event(.udpSent, Handle(rawValue: 0), cookie)
    event.reason = (status == .ok ? Reason.none : .unreachable).rawValue
    append(event)
  }
}
