import CIXABI
import IXABI
import Packets

/// One core's block of the control page (ix_control.h), which the host reads at any time, and whose
/// last part it writes: nothing in that part is believed.
@safe
package struct ControlBlock: ~Copyable {
  package static var byteCount: Int { MemoryLayout<ControlCore>.stride }

  private let core: UnsafeMutablePointer<ControlCore>
  /// Commands done.
  private var tail: UInt64 = 0

  /// `memory` is zeroed, at least `byteCount` bytes at a cache line, and stays valid for good.
  package init(memory: MemoryRegion, captureRing: CaptureRing.Place? = nil) {
    precondition(memory.byteCount >= Self.byteCount, "a control block is too small")
    // SAFETY: the kernel owns the region; the structure has no invalid bit pattern.
    unsafe core = unsafe memory.pointer.bindMemory(to: ControlCore.self, capacity: 1)
    unsafe core.pointee.gauge_count = UInt32(ControlGauge.count)
    unsafe core.pointee.counter_count = UInt32(ControlCounter.count)
    unsafe core.pointee.drop_count = UInt32(ControlDrop.base + ControlDrop.count)
    if let captureRing {
      unsafe core.pointee.capture_bytes = captureRing.physicalAddress
      unsafe core.pointee.capture_byte_count = UInt64(captureRing.byteCount)
    }
  }

  /// Whether the host has given a command that is not done: one load of a line that only the host
  /// writes.
  @inline(__always)
  package var hasCommand: Bool {
    // SAFETY: the block lives as long as the kernel.
    unsafe ix_control_load(&core.pointee.command_head) != tail
  }

  /// The oldest command that is not done. Should the host say that there are more than fit, those
  /// that were overwritten are skipped.
  package mutating func nextCommand() -> ControlCommand? {
    // SAFETY: as above; the place is inside the array.
    let head = unsafe ix_control_load(&core.pointee.command_head)
    guard head != tail else { return nil }
    let limit = UInt64(IX_COMMAND_LIMIT)
    if head &- tail > limit { tail = head &- limit }
    return unsafe ix_command_snapshot(ix_control_commands(core) + Int(tail % limit))
  }

  /// The command that `nextCommand` returned is done.
  package mutating func complete(_ status: Status) {
    // SAFETY: the place is inside the array.
    unsafe ix_control_results(core)[Int(tail % UInt64(IX_COMMAND_LIMIT))] = status.result
    tail &+= 1
    unsafe ix_control_store(&core.pointee.command_tail, tail)
  }

  package func set(_ state: CoreState) {
    // SAFETY: as above.
    unsafe core.pointee.state = state.rawValue
  }

  /// What follows until `endUpdate` is one update: a reader sees all of it or none.
  package func beginUpdate(now: Instant) {
    // SAFETY: as above, here and below.
    unsafe ix_control_store(&core.pointee.sequence, core.pointee.sequence | 1)
    ix_control_fence()
    unsafe core.pointee.heartbeat = now.nanoseconds
  }

  package func endUpdate() {
    unsafe ix_control_store(&core.pointee.sequence, core.pointee.sequence &+ 1)
  }

  @inline(__always)
  package func set(_ gauge: ControlGauge, _ value: UInt64) {
    unsafe ix_control_gauges(core)[gauge.rawValue] = value
  }

  @inline(__always)
  package func set(_ gauge: ControlGauge, _ value: Int) {
    set(gauge, UInt64(truncatingIfNeeded: value))
  }

  @inline(__always)
  package func set(_ counter: ControlCounter, _ value: UInt64) {
    unsafe ix_control_counters(core)[counter.rawValue] = value
  }

  /// Counter `offset` places behind `counter`.
  func set(_ counter: ControlCounter, offset: Int, _ value: UInt64) {
    let index = counter.rawValue &+ offset
    precondition(UInt(bitPattern: index) < UInt(IX_CONTROL_COUNTER_LIMIT), "no such counter")
    unsafe ix_control_counters(core)[index] = value
  }

  func set(_ groups: FlowGroupSet) {
    unsafe core.pointee.flow_groups = groups.words
  }

  @inline(__always)
  package func set(_ drop: ControlDrop, _ value: UInt64) {
    set(dropAt: ControlDrop.base &+ drop.rawValue, value)
  }

  @inline(__always)
  package func set(dropAt index: Int, _ value: UInt64) {
    precondition(UInt(bitPattern: index) < UInt(IX_CONTROL_DROP_LIMIT), "no such reason")
    unsafe ix_control_drops(core)[index] = value
  }

  package func set(batches: InlineArray<16, UInt64>) {
    let batches = batches.span
    for index in 0..<Int(IX_CONTROL_HISTOGRAM_LIMIT) {
      unsafe ix_control_batches(core)[index] = batches[index]
    }
  }

  /// Bytes the host has taken out of the capture ring.
  package var captureTail: UInt64 { unsafe ix_control_load(&core.pointee.capture_tail) }

  package func setCapture(head: UInt64, captured: UInt64, dropped: UInt64) {
    unsafe core.pointee.captured = captured
    unsafe core.pointee.capture_dropped = dropped
    unsafe ix_control_store(&core.pointee.capture_head, head)
  }
}
