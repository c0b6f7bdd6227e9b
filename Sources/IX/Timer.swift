import IXABI

/// A timer that has not fired: 8 bytes, freely copied. Each fires once; after `Service.fired` for it,
/// or after `cancel`, every method does nothing.
public struct Timer: Hashable, BitwiseCopyable, Sendable {
  let index: UInt32
  let generation: UInt32

  init(index: UInt32, generation: UInt32) {
    self.index = index
    self.generation = generation
  }

  /// A small number that no other timer has at the same time: the place of what the application
  /// knows about it in a table.
  public var number: Int { Int(index) }

  /// Does not let it fire.
  public func cancel() { Core.current.cancel(self) }

  /// Lets it fire `interval` from now instead. False when it has fired already.
  @discardableResult
  public func move(to interval: Interval) -> Bool { Core.current.move(self, to: interval) }

  var cookie: UInt64 { UInt64(index) | UInt64(generation) << 32 }

  init(cookie: UInt64) {
    index = UInt32(truncatingIfNeeded: cookie)
    generation = UInt32(truncatingIfNeeded: cookie >> 32)
  }
}

/// Calls `Service.fired` with the timer returned, once, `interval` after the end of this round of
/// events: not earlier, and while the application keeps up no more than about 20 us later.
///
/// Throws `.noResources` when all timers of this core run; there are more of them than connections.
public func after(_ interval: Interval) throws(IXError) -> Timer {
  guard let timer = Core.current.arm(after: interval) else { throw IXError(.noResources) }
  return timer
}
