import HostNetwork
import KVM

/// What turns signals into interrupts of the guest, and doorbells of the guest into signals.
protocol EventRouter: AnyObject, Sendable {
  /// New interrupts, each with the event that raises it; without effect until they have messages.
  func addInterrupts(_ count: Int) throws(KVMError) -> [Interrupt]
  /// Replaces the messages of interrupts: those of `owned` that are not in `messages` do nothing.
  func setMessages(_ messages: [KVMRoute], of owned: [Interrupt]) throws(KVMError)
  func setDoorbell(
    at address: UInt64, value: UInt16, signals event: Descriptor, isAssigned: Bool
  ) throws(KVMError)
}

/// An interrupt that a message can be given to.
struct Interrupt: Sendable {
  let number: UInt32
  let event: Descriptor
}

/// Events by KVM itself: no thread of the launcher is woken for a doorbell or an interrupt.
final class KVMEventRouter: EventRouter {
  /// KVM keeps numbers below for I/O APIC pins.
  private static let firstNumber: UInt32 = 24

  private let machine: KVMMachine
  private let state = Locked(State())

  private struct State {
    var next = KVMEventRouter.firstNumber
    var routes: [KVMRoute] = []
  }

  init(_ machine: KVMMachine) { self.machine = machine }

  func addInterrupts(_ count: Int) throws(KVMError) -> [Interrupt] {
    let first = state.withLock { state in
      defer { state.next += UInt32(count) }
      return state.next
    }
    var interrupts: [Interrupt] = []
    for number in first..<(first + UInt32(count)) {
      let event: Descriptor
      do { event = try Descriptor.event() } catch { throw .call(error) }
      try machine.setInterrupt(number, by: event, isAssigned: true)
      interrupts.append(Interrupt(number: number, event: event))
    }
    return interrupts
  }

  func setMessages(_ messages: [KVMRoute], of owned: [Interrupt]) throws(KVMError) {
    try state.withLock { state throws(KVMError) in
      state.routes.removeAll { route in owned.contains { $0.number == route.number } }
      state.routes += messages
      try machine.setRoutes(state.routes)
    }
  }

  func setDoorbell(
    at address: UInt64, value: UInt16, signals event: Descriptor, isAssigned: Bool
  ) throws(KVMError) {
    try machine.setDoorbell(at: address, value: value, signals: event, isAssigned: isAssigned)
  }
}
