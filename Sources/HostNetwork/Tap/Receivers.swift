/// The receive queues of a device. Any thread may fill any of them: the tap spreads frames its own
/// way, and the driver may have asked for another.
final class Receivers: Sendable {
  private let rings: [Locked<ReceiveRing?>]
  private let steering: Locked<ReceiveSteering>

  /// A queue that cannot be used is reported, and stays without frames.
  init(_ activation: NetworkActivation) {
    rings = stride(from: 0, to: activation.queues.count, by: 2).map { index in
      do throws(QueueViolation) {
        return Locked(try ReceiveRing(activation.queues[index], activation))
      } catch {
        activation.report(error)
        return Locked(nil)
      }
    }
    steering = Locked(activation.steering)
  }

  var count: Int { rings.count }

  func steer(_ steering: ReceiveSteering) { self.steering.withLock { $0 = steering } }

  /// Runs `body` on the ring of a queue; nil when it has none, or not any more.
  func withRing<Result>(
    _ index: Int, _ report: (QueueViolation) -> Void,
    _ body: (inout ReceiveRing) throws(QueueViolation) -> Result
  ) -> Result? {
    rings[index].withLock { ring in
      guard var taken = ring.take() else { return nil }
      do throws(QueueViolation) {
        let result = try body(&taken)
        ring = consume taken
        return result
      } catch {
        report(error)
        return nil
      }
    }
  }

  /// The queue a frame belongs to that the tap gave out on queue `arrival`.
  func queue(for frame: [UInt8], arrival: Int) -> Int {
    let steering = steering.withLock { $0 }
    switch steering {
    case .automatic(let pairCount): return arrival % max(1, min(pairCount, rings.count))
    case .hashed(let hashing): return hashing.queue(of: frame) % rings.count
    }
  }
}
