import CIXABI
import IXABI

extension Core {
  /// Timers this core has, numbered from 0.
  var timerCapacity: Int { Int(startup.timer_capacity) }

  mutating func arm(after interval: Interval) -> Timer? {
    let generation = nextTimerGeneration
    let index = timers.insert(generation)
    guard Int(index) < timerCapacity else {
      timers.remove(index)
      return nil
    }
    nextTimerGeneration = generation == .max ? 1 : generation &+ 1
    let timer = Timer(index: index, generation: generation)
    issueArm(timer, after: interval)
    return timer
  }

  mutating func move(_ timer: Timer, to interval: Interval) -> Bool {
    guard isRunning(timer) else { return false }
    issueArm(timer, after: interval)
    return true
  }

  mutating func cancel(_ timer: Timer) {
    guard isRunning(timer) else { return }
    end(timer)
    issue(CallDescriptor(.timerCancel, handle: UInt64(timer.index)))
  }

  /// Whether the timer that fired was still wanted; it is gone now.
  mutating func finish(_ timer: Timer) -> Bool {
    guard isRunning(timer) else { return false }
    end(timer)
    return true
  }

  private func isRunning(_ timer: Timer) -> Bool {
    timers.isValid(timer.index) && timers[timer.index] == timer.generation
  }

  private mutating func end(_ timer: Timer) {
    timers[timer.index] = 0
    timers.remove(timer.index)
  }

  private mutating func issueArm(_ timer: Timer, after interval: Interval) {
    var call = CallDescriptor(.timerArm, handle: UInt64(timer.index))
    call.cookie = timer.cookie
    call.byte_count = interval.nanoseconds
    issue(call)
  }
}
