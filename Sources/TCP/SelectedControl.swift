import Packets

/// One of the algorithms, chosen for an endpoint at start-up. A switch on one byte stands where a
/// fixed algorithm is called directly; there is no table of functions and nothing on a heap.
package enum SelectedControl: CongestionControl {
  case newReno(NewReno)
  case cubic(Cubic)
  case dctcp(DCTCP)

  package init(maximumSegment: UInt32) { self = .cubic(Cubic(maximumSegment: maximumSegment)) }

  package init(_ choice: CongestionChoice, maximumSegment: UInt32) {
    switch choice {
    case .newReno: self = .newReno(NewReno(maximumSegment: maximumSegment))
    case .cubic: self = .cubic(Cubic(maximumSegment: maximumSegment))
    case .dctcp: self = .dctcp(DCTCP(maximumSegment: maximumSegment))
    }
  }

  @inline(__always)
  package var window: UInt32 {
    switch self {
    case .newReno(let control): control.window
    case .cubic(let control): control.window
    case .dctcp(let control): control.window
    }
  }

  package var countsMarks: Bool {
    switch self {
    case .newReno, .cubic: false
    case .dctcp: true
    }
  }

  package mutating func observed(
    byteCount: UInt32, isMarked: Bool, acknowledgment: SequenceNumber, next: SequenceNumber
  ) {
    guard case .dctcp(var control) = self else { return }
    control.observed(
      byteCount: byteCount, isMarked: isMarked, acknowledgment: acknowledgment, next: next)
    self = .dctcp(control)
  }

  /// Calls `body` with the state of whichever algorithm it is.
  @inline(__always)
  private mutating func change(
    _ newReno: (inout NewReno) -> Void, _ cubic: (inout Cubic) -> Void,
    _ dctcp: (inout DCTCP) -> Void
  ) {
    switch self {
    case .newReno(var control):
      newReno(&control)
      self = .newReno(control)
    case .cubic(var control):
      cubic(&control)
      self = .cubic(control)
    case .dctcp(var control):
      dctcp(&control)
      self = .dctcp(control)
    }
  }

  @inline(__always)
  package mutating func acknowledged(_ event: Acknowledgment) {
    change({ $0.acknowledged(event) }, { $0.acknowledged(event) }, { $0.acknowledged(event) })
  }

  package mutating func congested(inFlight: UInt32, maximumSegment: UInt32, now: Instant) {
    change(
      { $0.congested(inFlight: inFlight, maximumSegment: maximumSegment, now: now) },
      { $0.congested(inFlight: inFlight, maximumSegment: maximumSegment, now: now) },
      { $0.congested(inFlight: inFlight, maximumSegment: maximumSegment, now: now) })
  }

  package mutating func marked(inFlight: UInt32, maximumSegment: UInt32, now: Instant) {
    change(
      { $0.marked(inFlight: inFlight, maximumSegment: maximumSegment, now: now) },
      { $0.marked(inFlight: inFlight, maximumSegment: maximumSegment, now: now) },
      { $0.marked(inFlight: inFlight, maximumSegment: maximumSegment, now: now) })
  }

  package mutating func recovered(maximumSegment: UInt32) {
    change(
      { $0.recovered(maximumSegment: maximumSegment) },
      { $0.recovered(maximumSegment: maximumSegment) },
      { $0.recovered(maximumSegment: maximumSegment) })
  }

  package mutating func timedOut(inFlight: UInt32, maximumSegment: UInt32, now: Instant) {
    change(
      { $0.timedOut(inFlight: inFlight, maximumSegment: maximumSegment, now: now) },
      { $0.timedOut(inFlight: inFlight, maximumSegment: maximumSegment, now: now) },
      { $0.timedOut(inFlight: inFlight, maximumSegment: maximumSegment, now: now) })
  }

  package mutating func undone() {
    change({ $0.undone() }, { $0.undone() }, { $0.undone() })
  }

  package mutating func continueReduction(after earlier: Self) {
    switch (self, earlier) {
    case (.newReno(var control), .newReno(let earlier)):
      control.continueReduction(after: earlier)
      self = .newReno(control)
    case (.cubic(var control), .cubic(let earlier)):
      control.continueReduction(after: earlier)
      self = .cubic(control)
    case (.dctcp(var control), .dctcp(let earlier)):
      control.continueReduction(after: earlier)
      self = .dctcp(control)
    case (.newReno, _), (.cubic, _), (.dctcp, _): preconditionFailure("another algorithm")
    }
  }

  package mutating func idled(maximumSegment: UInt32) {
    change(
      { $0.idled(maximumSegment: maximumSegment) }, { $0.idled(maximumSegment: maximumSegment) },
      { $0.idled(maximumSegment: maximumSegment) })
  }
}
