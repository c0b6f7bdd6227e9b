import Glibc

/// A receive queue of the guest, to be filled with frames that have a virtio header in front.
struct ReceiveRing: ~Copyable {
  private var queue: DeviceQueue
  private var chain: DescriptorChain
  private let call: Descriptor
  /// A chain was taken from the queue and holds no frame yet.
  private var hasChain = false
  private var hasUnpublished = false

  init(_ setup: QueueSetup, _ activation: NetworkActivation) throws(QueueViolation) {
    queue = try DeviceQueue(setup, features: activation.features, memory: activation.memory)
    chain = DescriptorChain(capacity: setup.size)
    call = setup.call
    queue.setNotifications(false)
  }

  /// Whether there is a buffer for a frame. One too small for a header is given back empty.
  mutating func hasRoom() throws(QueueViolation) -> Bool {
    var remaining = queue.size
    while !hasChain, remaining > 0 {
      remaining -= 1
      guard try queue.take(&chain) else { return false }
      hasChain = chain.writableByteCount > TapPort.headerByteCount
      if !hasChain { give(byteCount: 0) }
    }
    return hasChain
  }

  /// Reads a frame from `port` into the next buffer, which stays here until `keep`. To be called
  /// when `hasRoom`.
  func receive(from port: TapPort) -> TapPort.Received { port.receive(into: chain) }

  /// Gives the guest the frame of `byteCount` bytes that was read last.
  mutating func keep(byteCount: Int) {
    setBufferCount()
    give(byteCount: byteCount)
  }

  /// Gives the guest a copy of a frame; false when there is no room for it.
  mutating func add(_ frame: [UInt8]) throws(QueueViolation) -> Bool {
    guard try hasRoom(), chain.writableByteCount >= frame.count else { return false }
    _ = chain.write(frame)
    keep(byteCount: frame.count)
    return true
  }

  /// A copy of the frame of `byteCount` bytes that was read last.
  func copy(byteCount: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    let buffers = unsafe chain.writable
    for index in buffers.indices where bytes.count < byteCount {
      let buffer = unsafe buffers[index]
      // SAFETY: the buffer was checked to lie in guest memory.
      unsafe bytes.append(
        contentsOf: UnsafeRawBufferPointer(
          start: buffer.iov_base, count: min(buffer.iov_len, byteCount - bytes.count)))
    }
    return bytes
  }

  /// Shows the guest what it was given, and interrupts it if it wants that.
  mutating func publish() {
    guard hasUnpublished else { return }
    hasUnpublished = false
    queue.publish()
    if queue.wantsInterrupt() { call.signal() }
  }

  /// Asks for a doorbell when buffers come, or not.
  func setNotifications(_ areWanted: Bool) { queue.setNotifications(areWanted) }

  private mutating func give(byteCount: Int) {
    queue.put(chain.head, byteCount: byteCount)
    hasChain = false
    hasUnpublished = true
  }

  /// `num_buffers`, which the tap leaves as it was: 1 (section 5.1.6.4).
  private func setBufferCount() {
    var offset = TapPort.headerByteCount - 2
    let buffers = unsafe chain.writable
    var value: [UInt8] = [1, 0]
    for index in buffers.indices where !value.isEmpty {
      let buffer = unsafe buffers[index]
      while unsafe offset < buffer.iov_len, !value.isEmpty {
        // SAFETY: the offset lies in a buffer that was checked to lie in guest memory.
        unsafe buffer.iov_base.storeBytes(
          of: value.removeFirst(), toByteOffset: offset, as: UInt8.self)
        offset += 1
      }
      unsafe offset -= Int(buffer.iov_len)
    }
  }
}
