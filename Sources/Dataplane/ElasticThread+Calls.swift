import IXABI
import Network
import Packets
import TCP
import Wire

// Step two of the cycle: the batched calls of the application. Every argument comes from ring 3 and
// is believed only after it has been checked here or in the stack.

extension ElasticThread where Device: ~Copyable {
  /// Runs calls 0..<callCount in order; each result goes into its descriptor.
  mutating func run(callCount: Int, now: Instant) {
    var index = 0
    while index < callCount {
      let call = calls[index]
      let result = perform(call, now: now)
      call.complete(result)
      if result < 0 { metrics.refusedCalls &+= 1 }
      index &+= 1
    }
    metrics.calls &+= UInt64(truncatingIfNeeded: callCount)
  }

  /// Rare operations take a snapshot of their own, so that this one can stay in registers. Ring 3
  /// may change a call in between; each snapshot is checked on its own.
  @inline(__always)
  private mutating func perform(_ shared: SharedCall, now: Instant) -> Int64 {
    let call = shared.usualSnapshot
    guard let operation = Operation(rawValue: call.operation) else {
      return Status.unknownCall.result
    }
    let handle = Handle(rawValue: call.handle)
    switch operation {
    case .tcpSend:
      return call.vector_count == 0
        ? send(address: call.address, byteCount: call.byte_count, on: handle)
        : sendVectors(shared, on: handle)
    case .tcpSendReceived:
      return stack.tcp.sendReceived(
        handle, buffer: call.buffer, offset: events.offset(of: call.address, in: call.buffer),
        byteCount: call.byte_count, pool: &pool
      ).result
    case .tcpReceiveDone:
      return stack.tcp.receiveDone(
        handle, buffer: call.buffer, byteCount: Int(truncatingIfNeeded: call.byte_count),
        pool: &pool
      ).result
    case .tcpAccept: return stack.tcp.accept(handle, cookie: shared.snapshot.cookie).result
    case .tcpReject: return stack.tcp.reject(handle, pool: &pool).result
    case .tcpShutdown: return stack.tcp.shutdown(handle).result
    case .tcpClose: return stack.tcp.close(handle, now: now, pool: &pool).result
    case .tcpAbort: return stack.tcp.abort(handle, pool: &pool).result
    case .tcpConnect: return connect(shared, now: now)
    case .none: return Status.ok.result
    case .udpSend: return sendDatagram(shared, now: now)
    case .udpReceiveDone:
      return stack.datagramReceiveDone(buffer: call.buffer, pool: &pool).result
    case .timerArm:
      return timers.arm(
        call.handle, after: Interval(nanoseconds: call.byte_count),
        cookie: shared.snapshot.cookie, now: now
      ).result
    case .timerCancel: return timers.cancel(call.handle).result
    case .tcpConfigure: return configure(shared, now: now)
    case .tcpLeave:
      return stack.tcp.leave(handle, cookie: shared.snapshot.cookie, pool: pool).result
    }
  }

  @inline(never)
  private mutating func connect(_ shared: SharedCall, now: Instant) -> Int64 {
    let call = shared.snapshot
    let outcome = stack.tcp.connect(
      localAddress: stack.configuration.address, remoteAddress: IPv4Address(call.remote_address),
      remotePort: call.remote_port, cookie: call.cookie, now: now)
    switch outcome {
    case .connecting(let handle): return Int64(bitPattern: handle.rawValue)
    case .refused(let status): return status.result
    }
  }

  @inline(never)
  private mutating func configure(_ shared: SharedCall, now: Instant) -> Int64 {
    let call = shared.snapshot
    guard let option = ConnectionOption(rawValue: call.buffer) else {
      return Status.badArgument.result
    }
    return stack.tcp.configure(
      Handle(rawValue: call.handle), option, value: call.byte_count, now: now, pool: &pool
    ).result
  }

  /// Queues one range of bytes; returns the bytes taken.
  @inline(__always)
  private mutating func send(address: UInt64, byteCount: UInt64, on handle: Handle) -> Int64 {
    guard let fragment = fragment(address: address, byteCount: byteCount) else {
      return Status.badAddress.result
    }
    return stack.tcp.send(handle, fragment, pool: &pool).result
  }

  /// The same for the ranges of a scatter-gather list.
  @inline(never)
  private mutating func sendVectors(_ shared: SharedCall, on handle: Handle) -> Int64 {
    let call = shared.snapshot
    var fragments = Self.noFragments
    let (count, status) = gather(call, into: &fragments)
    guard status == .ok else { return status.result }
    var taken: Int64 = 0
    for index in 0..<count {
      let result = stack.tcp.send(handle, fragments[index], pool: &pool).result
      guard result >= 0 else { return taken > 0 ? taken : result }
      taken &+= result
      guard result == Int64(fragments[index].byteCount) else { break }
    }
    return taken
  }

  @inline(never)
  private mutating func sendDatagram(_ shared: SharedCall, now: Instant) -> Int64 {
    let call = shared.snapshot
    var fragments = Self.noFragments
    let (count, status) = gather(call, into: &fragments)
    guard status == .ok else { return status.result }
    let datagram = OutgoingDatagram(
      remoteAddress: IPv4Address(call.remote_address), remotePort: call.remote_port,
      localPort: call.local_port, cookie: call.cookie)
    return stack.send(
      datagram, fragments: fragments.span.extracting(first: count), now: now, device: &device,
      pool: &pool
    ).result
  }

  private static var noFragments: InlineArray<16, Fragment> {
    InlineArray(repeating: Fragment(address: KernelAddress(0), byteCount: 0))
  }

  /// The ranges of a call, all of them checked, from copies that ring 3 cannot change. Mutating only
  /// because the compiler would copy the whole thread to lend it.
  private mutating func gather(
    _ call: CallDescriptor, into fragments: inout InlineArray<16, Fragment>
  ) -> (count: Int, status: Status) {
    guard call.vector_count > 0 else {
      guard let fragment = fragment(address: call.address, byteCount: call.byte_count) else {
        return (0, .badAddress)
      }
      fragments[0] = fragment
      return (1, .ok)
    }
    // IX_VECTOR_LIMIT of ix_abi.h.
    let count = Int(call.vector_count)
    guard count <= fragments.count else { return (0, .badArgument) }
    let byteCount = UInt64(count &* MemoryLayout<VectorDescriptor>.stride)
    guard call.address & 7 == 0,
      let list = memory.kernelAddress(
        of: UserAddress(call.address), byteCount: byteCount, writable: false)
    else { return (0, .badAddress) }
    for index in 0..<count {
      let vector = vectorSnapshot(at: list, index: index)
      guard let fragment = fragment(address: vector.address, byteCount: vector.byte_count) else {
        return (0, .badAddress)
      }
      fragments[index] = fragment
    }
    return (count, .ok)
  }

  /// A range the application may read, as the kernel and the device see it.
  @inline(__always)
  private func fragment(address: UInt64, byteCount: UInt64) -> Fragment? {
    guard byteCount <= UInt64(Int32.max),
      let start = memory.kernelAddress(
        of: UserAddress(address), byteCount: byteCount, writable: false)
    else { return nil }
    return Fragment(address: start, byteCount: Int(truncatingIfNeeded: byteCount))
  }
}

extension SendOutcome {
  @inline(__always)
  fileprivate var result: Int64 {
    switch self {
    case .taken(let byteCount): Int64(byteCount)
    case .refused(let status): status.result
    }
  }
}
