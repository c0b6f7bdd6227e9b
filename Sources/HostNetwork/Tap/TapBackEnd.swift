import Drivers
import Wire

/// A tap interface of this host: one queue of it, and one thread, for each queue pair.
package final class TapBackEnd: NetworkBackEnd {
  private let ports: [TapPort]
  private let movers = Locked<[TapMover]>([])
  private let spin: UInt64

  /// Attaches to the tap `name` with `pairCount` queues; more than one needs multi_queue. A thread
  /// without work looks for more for `spinMicroseconds` before it sleeps.
  package init(
    tap name: String, pairCount: Int, spinMicroseconds: UInt64
  ) throws(SystemCallError) {
    var ports: [TapPort] = []
    for _ in 0..<pairCount {
      ports.append(try TapPort(name, isOneOfSeveral: pairCount > 1))
    }
    self.ports = ports
    spin = spinMicroseconds * 1000
  }

  package var features: VirtioFeatures {
    .networkChecksum | .networkGuestChecksum | .networkSegmentation | .indirectDescriptors
  }

  package var queuePairLimit: Int { ports.count }

  package func start(_ activation: NetworkActivation) throws(SystemCallError) {
    let offloads =
      activation.features.contains(.networkGuestChecksum)
      ? TapPort.Offloads.checksum : TapPort.Offloads.none
    for port in ports { try port.setOffloads(offloads) }
    let receivers = Receivers(activation)
    var started: [TapMover] = []
    for pair in 0..<(activation.queues.count / 2) {
      let mover = try TapMover(
        pair: pair, port: ports[pair], activation: activation, receivers: receivers, spin: spin)
      started.append(mover)
    }
    movers.withLock { $0 = started }
  }

  package func stop() {
    // Each ends with its last reference, and joins its thread.
    movers.withLock { list in
      for mover in list { mover.stop() }
      list = []
    }
  }

  package func steer(_ steering: ReceiveSteering) {
    movers.withLock { list in list.first?.receivers.steer(steering) }
  }
}
