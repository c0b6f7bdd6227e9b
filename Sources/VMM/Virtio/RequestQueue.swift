import HostNetwork

/// A queue whose requests are answered at once, on the processor that rang the doorbell.
final class RequestQueue {
  private var queue: DeviceQueue
  private var chain: DescriptorChain
  private let call: Descriptor
  private let report: @Sendable (QueueViolation) -> Void
  private var isBroken = false

  init(_ setup: QueueSetup, _ activation: DeviceActivation) throws(QueueViolation) {
    queue = try DeviceQueue(setup, features: activation.features, memory: activation.memory)
    chain = DescriptorChain(capacity: setup.size)
    call = setup.call
    report = activation.report
  }

  /// Answers what is there, at most as many requests as the queue holds: the driver cannot keep this
  /// busy. `answer` returns how many bytes it wrote.
  func serve(_ answer: (borrowing DescriptorChain) -> Int) {
    guard !isBroken else { return }
    do throws(QueueViolation) {
      for _ in 0..<queue.size {
        guard try queue.take(&chain) else { break }
        queue.put(chain.head, byteCount: answer(chain))
      }
    } catch {
      isBroken = true
      report(error)
    }
    queue.publish()
    if queue.wantsInterrupt() { call.signal() }
  }
}
