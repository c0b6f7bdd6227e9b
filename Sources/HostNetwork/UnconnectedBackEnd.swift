import Drivers
import Wire

/// A network with nobody else on it: what the guest sends is lost, and nothing ever arrives.
package final class UnconnectedBackEnd: NetworkBackEnd {
  package init() {}

  package var features: VirtioFeatures { .none }
  package var queuePairLimit: Int { 1 }
  package func start(_ activation: NetworkActivation) throws(SystemCallError) {}
  package func stop() {}
  package func steer(_ steering: ReceiveSteering) {}
}
