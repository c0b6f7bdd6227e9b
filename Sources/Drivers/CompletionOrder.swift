import Packets

/// Numbers frames in the order they are queued and counts how many of the oldest are finished.
///
/// A device may finish frames in any order. A frame counts once every earlier one is finished as
/// well; with a device that works in order, which all do, that is at once.
struct CompletionOrder: ~Copyable {
  /// The last ticket issued; tickets start from 1 and wrap.
  private(set) var issued: UInt32 = 0
  /// The last ticket that is finished together with all before it.
  private(set) var completed: UInt32 = 0
  /// Whether a ticket, by its low bits, was finished before its turn.
  private var early: Table<Bool>
  private var earlyCount = 0

  /// Room for `capacity` tickets that are not completed, a power of two.
  init?(capacity: Int, arena: inout Arena) {
    guard capacity > 0, capacity & (capacity - 1) == 0,
      let early = arena.carve(count: capacity, repeating: false)
    else { return nil }
    self.early = early
  }

  /// Whether there is room for one more ticket. An unfinished old frame holds up the issue of new
  /// tickets, never their uniqueness.
  @inline(__always)
  var canIssue: Bool { Int(issued &- completed) < early.count }

  /// The ticket of a frame that was just queued.
  @inline(__always)
  mutating func issue() -> UInt32 {
    issued &+= 1
    return issued
  }

  /// Records that the frame with `ticket`, issued and not finished yet, is finished.
  @inline(__always)
  mutating func finish(_ ticket: UInt32) {
    guard ticket == completed &+ 1 else {
      early[position(of: ticket)] = true
      earlyCount &+= 1
      return
    }
    completed = ticket
    if earlyCount != 0 { catchUp() }
  }

  /// No frame is unfinished any more.
  mutating func finishAll() {
    while completed != issued {
      completed &+= 1
      early[position(of: completed)] = false
    }
    earlyCount = 0
  }

  @inline(never)
  private mutating func catchUp() {
    while earlyCount != 0, early[position(of: completed &+ 1)] {
      completed &+= 1
      early[position(of: completed)] = false
      earlyCount &-= 1
    }
  }

  @inline(__always)
  private func position(of ticket: UInt32) -> Int {
    Int(truncatingIfNeeded: ticket) & (early.count &- 1)
  }
}
