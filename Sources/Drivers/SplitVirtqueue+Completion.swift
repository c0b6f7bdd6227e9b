import Packets

extension SplitVirtqueue {
  /// The next chain the device has finished with; nil when there is none now.
  @inline(__always)
  package mutating func takeUsed() -> Completion? {
    if takenPosition == seenPosition {
      guard look() else { return nil }
    }
    let entry = ring.usedEntry(at: takenPosition)
    // The oldest chain that is not finished: there is one, as the device has used no more than it
    // had.
    let slot = slot(completedCount)
    guard entry.identifier == head(of: slot), entry.byteCount <= byteLimit else {
      return takeUnordered(entry.identifier, byteCount: entry.byteCount)
    }
    takenPosition &+= 1
    completedCount &+= 1
    if earlyCount != 0 { catchUp() }
    return Completion(slot: slot, byteCount: entry.byteCount)
  }

  /// The device has not used the oldest chain, or reports what cannot be true.
  @inline(never)
  private mutating func takeUnordered(_ identifier: UInt32, byteCount: UInt32) -> Completion? {
    guard identifier < UInt32(truncatingIfNeeded: size) else { return breakQueue(.identifier) }
    let slot = UInt16(truncatingIfNeeded: identifier / chainLimit)
    guard head(of: slot) == identifier, isInFlight(slot) else {
      return breakQueue(.notInFlight)
    }
    guard byteCount <= byteLimit else { return breakQueue(.byteCount) }
    takenPosition &+= 1
    early[Int(slot)] = true
    earlyCount &+= 1
    return Completion(slot: slot, byteCount: byteCount)
  }

  private func isInFlight(_ slot: UInt16) -> Bool {
    // How many chains were queued between the oldest and the one in the slot.
    let age = UInt32(self.slot(UInt32(slot) &- completedCount))
    return age < queuedCount &- completedCount && !early[Int(slot)]
  }

  /// A chain has been finished that others, finished before it, waited for.
  @inline(never)
  private mutating func catchUp() {
    while earlyCount != 0, early[Int(slot(completedCount))] {
      early[Int(slot(completedCount))] = false
      completedCount &+= 1
      earlyCount &-= 1
    }
  }

  /// The next chain, by its slot, that the device still had when it was reset; nil when there are
  /// no more. Only after a reset is it certain that the device uses none. The queue is not used again.
  package mutating func takeAbandoned() -> UInt16? {
    isBroken = true
    while completedCount != queuedCount {
      let slot = slot(completedCount)
      completedCount &+= 1
      guard early[Int(slot)] else { return slot }
      early[Int(slot)] = false
      earlyCount &-= 1
    }
    return nil
  }

  /// Looks at how far the device says it is; true when there is something to take.
  private mutating func look() -> Bool {
    guard !isBroken else { return false }
    let position = ring.usedPosition()
    guard position &- takenPosition <= publishedPosition &- takenPosition else {
      _ = breakQueue(.position)
      return false
    }
    seenPosition = position
    return position != takenPosition
  }

  @inline(never)
  private mutating func breakQueue(_ reason: Violation) -> Completion? {
    violation = reason
    isBroken = true
    seenPosition = takenPosition
    return nil
  }
}
