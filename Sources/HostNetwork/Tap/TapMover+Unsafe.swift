import Glibc

/// The thread of one queue pair: sends what the guest gives, receives what the tap has.
final class TapMover: @unchecked Sendable {
  // Unchecked: everything but `receivers` and the events is used by the one thread only.

  /// Most frames of one direction before the other one is looked at.
  private static let batch = 64

  let receivers: Receivers
  private let pair: Int
  private let port: TapPort
  private let report: @Sendable (QueueViolation) -> Void
  private let receiveKick: Descriptor
  private let transmitKick: Descriptor
  private let ending: Descriptor
  /// Nanoseconds.
  private let spin: UInt64
  private var transmitter: TransmitRing?
  private var thread: HostThread?

  init(
    pair: Int, port: TapPort, activation: NetworkActivation, receivers: Receivers, spin: UInt64
  ) throws(SystemCallError) {
    self.pair = pair
    self.port = port
    self.receivers = receivers
    self.spin = spin
    report = activation.report
    receiveKick = activation.queues[2 * pair].kick
    transmitKick = activation.queues[2 * pair + 1].kick
    ending = try Descriptor.event()
    do throws(QueueViolation) {
      transmitter = try TransmitRing(activation.queues[2 * pair + 1], activation)
    } catch {
      transmitter = nil
      report(error)
    }
    thread = try HostThread("tap \(pair)") { [self] in run() }
  }

  /// Returns when the thread has ended.
  func stop() {
    ending.signal()
    thread?.join()
    thread = nil
  }

  private func run() {
    var lastWork = Self.now()
    while true {
      let sent = transmit()
      let received = receive()
      if sent + received > 0 {
        lastWork = Self.now()
      } else if spin == 0 || Self.now() &- lastWork > spin {
        guard sleep() else { return }
        lastWork = Self.now()
      } else if isEnding {
        return
      }
    }
  }

  private var isEnding: Bool {
    var polled = pollfd(fd: ending.rawValue, events: Int16(POLLIN), revents: 0)
    // SAFETY: one local element.
    return unsafe poll(&polled, 1, 0) > 0
  }

  private func transmit() -> Int {
    guard transmitter != nil else { return 0 }
    do throws(QueueViolation) {
      return try transmitter?.send(to: port, limit: Self.batch) ?? 0
    } catch {
      report(error)
      transmitter = nil
      return 0
    }
  }

  /// Frames received, at most a batch.
  private func receive() -> Int {
    var count = 0
    while count < Self.batch {
      guard let outcome = receiveOne(), outcome else { break }
      count += 1
    }
    if count > 0 { for index in 0..<receivers.count { publish(index) } }
    return count
  }

  private func publish(_ index: Int) {
    receivers.withRing(index, report) { ring in ring.publish() }
  }

  /// Whether a frame was received; nil without a place for it.
  private func receiveOne() -> Bool? {
    let result = receivers.withRing(pair, report) { ring throws(QueueViolation) in
      try receiveOne(into: &ring)
    }
    switch result {
    case .elsewhere(let index, let frame)?:
      // There is room or the frame is lost, as in any card whose queue is full.
      _ = receivers.withRing(index, report) { ring throws(QueueViolation) in
        try ring.add(frame)
      }
      return true
    case .received?: return true
    case .nothing?: return false
    case .noRoom?, nil: return nil
    }
  }

  private enum Outcome {
    case received
    case elsewhere(Int, [UInt8])
    case nothing
    case noRoom
  }

  private func receiveOne(into ring: inout ReceiveRing) throws(QueueViolation) -> Outcome {
    guard try ring.hasRoom() else { return .noRoom }
    guard case .frame(let byteCount) = ring.receive(from: port) else { return .nothing }
    guard receivers.count > 1 else {
      ring.keep(byteCount: byteCount)
      return .received
    }
    let frame = ring.copy(byteCount: byteCount)
    let target = receivers.queue(for: frame, arrival: pair)
    guard target != pair else {
      ring.keep(byteCount: byteCount)
      return .received
    }
    return .elsewhere(target, frame)
  }

  /// Waits for work; false when it is time to end.
  private func sleep() -> Bool {
    transmitter?.setNotifications(true)
    let hasRoom =
      receivers.withRing(pair, report) { ring throws(QueueViolation) in
        ring.setNotifications(true)
        return try ring.hasRoom()
      } ?? false
    defer {
      transmitter?.setNotifications(false)
      receivers.withRing(pair, report) { ring in ring.setNotifications(false) }
    }
    if transmitter?.hasNext ?? false { return true }
    // A frame the guest has no buffer for waits in the tap until there is one.
    var polled = [
      ending.rawValue, transmitKick.rawValue, receiveKick.rawValue,
      hasRoom ? port.descriptor.rawValue : -1,
    ].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    // SAFETY: the array has as many elements as are passed, and lives across the call.
    _ = unsafe poll(&polled, nfds_t(polled.count), -1)
    if polled[0].revents != 0 { return false }
    if polled[1].revents != 0 { transmitKick.drain() }
    if polled[2].revents != 0 { receiveKick.drain() }
    return true
  }

  private static func now() -> UInt64 {
    var time = timespec()
    // SAFETY: a local that the call fills in.
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
