import Packets

extension SplitVirtqueue {
  /// The next chain the device has finished with; nil when there is none now.
  @inline(__always)
  package mutating func takeUsed() -> Completion? {
    if takenPosition == seenPosition {
      guard look() else { return nil }
    }
    let entry = ring.usedEntry(at: takenPosition)
    guard entry.identifier < UInt32(truncatingIfNeeded: size) else {
      return breakQueue(.identifier)
    }
    let head = UInt16(truncatingIfNeeded: entry.identifier)
    let chain = shadow[Int(head)]
    guard chain.descriptorCount != 0 else { return breakQueue(.notInFlight) }
    // Deviation from section 2.6.8.2: where nothing is writable the count means nothing, and some
    // devices put one there, so it is ignored.
    guard chain.capacity == 0 || entry.byteCount <= UInt32(chain.capacity) else {
      return breakQueue(.byteCount)
    }
    takenPosition &+= 1
    free(head, chain)
    return Completion(head: head, byteCount: chain.capacity == 0 ? 0 : entry.byteCount)
  }

  /// The next chain, by its head from `position` on, that the device still had when it was reset;
  /// nil when there are no more. Only after a reset is it certain that the device uses none. The
  /// queue is not used again.
  package mutating func takeAbandoned(from position: inout Int) -> UInt16? {
    isBroken = true
    while position < size {
      let index = position
      position &+= 1
      guard shadow[index].descriptorCount != 0 else { continue }
      let head = UInt16(truncatingIfNeeded: index)
      free(head, shadow[index])
      return head
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

  /// The chain's descriptors go to the front of the free list as they are linked.
  @inline(__always)
  private mutating func free(_ head: UInt16, _ chain: Shadow) {
    shadow[Int(head)].descriptorCount = 0
    shadow[Int(chain.tail)].next = firstFree
    firstFree = head
    freeDescriptorCount &+= Int(chain.descriptorCount)
  }

  @inline(never)
  private mutating func breakQueue(_ reason: Violation) -> Completion? {
    violation = reason
    isBroken = true
    seenPosition = takenPosition
    return nil
  }
}
