import Glibc

/// The queues of a tap back end without its thread and its tap: frames go through a pair of sockets, and
/// move when they are told to.
final class MovingBackEnd: NetworkBackEnd, @unchecked Sendable {
  // Unchecked: used by the fuzzer's one thread only.

  private static let batch = 64

  let queuePairLimit: Int
  private let port: TapPort
  private let network: Descriptor
  private var activation: NetworkActivation?
  private var receivers: Receivers?
  private var transmitters: [Locked<TransmitRing?>] = []
  private var space = [UInt8](repeating: 0, count: 1 << 16)

  init(pairs: Int) throws(SystemCallError) {
    queuePairLimit = pairs
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw SystemCallError("socketpair", code: errno)
    }
    port = TapPort(Descriptor(owning: ends[0]))
    network = Descriptor(owning: ends[1])
  }

  var features: VirtioFeatures {
    .networkChecksum | .networkGuestChecksum | .networkSegmentation | .indirectDescriptors
  }

  func start(_ activation: NetworkActivation) {
    self.activation = activation
    receivers = Receivers(activation)
    transmitters = stride(from: 1, to: activation.queues.count, by: 2).map { index in
      do throws(QueueViolation) {
        return Locked(try TransmitRing(activation.queues[index], activation))
      } catch {
        activation.report(error)
        return Locked(nil)
      }
    }
  }

  func stop() {
    activation = nil
    receivers = nil
    transmitters = []
  }

  func steer(_ steering: ReceiveSteering) { receivers?.steer(steering) }

  /// What the guest sends goes to nobody; `frame` arrives.
  func move(_ frame: [UInt8]) {
    guard let activation, let receivers else { return }
    for transmitter in transmitters { send(by: transmitter, activation) }
    while recv(network.rawValue, &space, space.count, 0) > 0 {}
    guard receivers.count > 0 else { return }
    let index = receivers.queue(for: frame, arrival: 0)
    require((0..<receivers.count).contains(index), "a frame for a queue that is not there")
    Glibc.send(network.rawValue, frame, frame.count, 0)
    receivers.withRing(index, activation.report) { ring throws(QueueViolation) in
      guard try ring.hasRoom() else { return }
      if case .frame(let byteCount) = ring.receive(from: port) {
        _ = ring.copy(byteCount: byteCount)
        ring.keep(byteCount: byteCount)
      }
      _ = try ring.add(frame)
      ring.publish()
    }
    // What found no room would be the next one's.
    while recv(port.descriptor.rawValue, &space, space.count, 0) > 0 {}
  }

  private func send(by transmitter: Locked<TransmitRing?>, _ activation: NetworkActivation) {
    transmitter.withLock { ring in
      guard var taken = ring.take() else { return }
      do throws(QueueViolation) {
        let count = try taken.send(to: port, limit: Self.batch)
        require(count <= Self.batch, "more frames than asked for")
        ring = consume taken
      } catch {
        activation.report(error)
      }
    }
  }
}

extension TapPort {
  init(_ descriptor: Descriptor) { self.descriptor = descriptor }
}
