import CIXABI
import Glibc
import IXABI

/// The control page of one running dataplane (ix_control.h), seen from the host.
@safe
package final class ControlPage: @unchecked Sendable {
  package let coreCount: Int
  package let ticksPerSecond: UInt64
  package let memoryByteCount: UInt64
  private let memory: GuestMemory
  private let blocks: UInt64
  private let stride: UInt64

  package enum Absence: Error, Equatable {
    /// The kernel has not written it yet, or this is no IX guest.
    case notThere
    /// Of another version.
    case version(UInt32)
    /// It names memory the guest does not have.
    case malformed
  }

  /// Finds the page in `memory` and checks everything it names.
  package init(_ memory: GuestMemory) throws(Absence) {
    let size = MemoryLayout<ControlHeader>.size
    guard memory.contains(IX_CONTROL_ADDRESS, byteCount: size) else { throw .notThere }
    // SAFETY: the header is mapped; the kernel writes its magic number last.
    let shared = unsafe memory.pointer(to: IX_CONTROL_ADDRESS, byteCount: size)
      .assumingMemoryBound(to: ControlHeader.self)
    guard unsafe ix_control_load(&shared.pointee.magic) == IX_CONTROL_MAGIC else {
      throw .notThere
    }
    let header = unsafe shared.pointee
    guard header.version == IX_CONTROL_VERSION else { throw .version(header.version) }
    coreCount = Int(header.core_count)
    guard (1...64).contains(coreCount),
      header.core_block_stride >= UInt64(MemoryLayout<ControlCore>.size),
      header.core_block_stride <= 1 << 16, header.core_block_stride % 64 == 0,
      memory.contains(
        header.core_blocks, byteCount: coreCount * Int(header.core_block_stride))
    else { throw .malformed }
    ticksPerSecond = header.ticks_per_second
    memoryByteCount = header.memory_byte_count
    blocks = header.core_blocks
    stride = header.core_block_stride
    self.memory = memory
  }

  /// Core `index`'s block, shared with the guest.
  @unsafe
  private func block(_ index: Int) -> UnsafeMutablePointer<ControlCore> {
    precondition(index >= 0 && index < coreCount, "no such core")
    // SAFETY: `init` has checked that all blocks are mapped.
    return unsafe memory.pointer(
      to: blocks + UInt64(index) * stride, byteCount: MemoryLayout<ControlCore>.size
    ).assumingMemoryBound(to: ControlCore.self)
  }

  /// What core `index` shows now; nil when it does not come to the end of an update within a second:
  /// the host may have taken its processor away in the midst of one.
  package func snapshot(_ index: Int) -> CoreSnapshot? {
    var copy = ControlCore()
    for attempt in 0..<1100 {
      if attempt >= 100 { usleep(1000) }
      // SAFETY: both are whole blocks; the function copies word by word.
      if unsafe ix_control_snapshot(block(index), &copy) == 1 {
        return unsafe CoreSnapshot(&copy, index: index)
      }
    }
    return nil
  }

  /// Of all cores; nil when one of them is not to be had.
  package func snapshots() -> [CoreSnapshot]? {
    let all = (0..<coreCount).compactMap { snapshot($0) }
    return all.count == coreCount ? all : nil
  }

  /// When core `index` last showed anything, on the guest's clock, nanoseconds.
  package func heartbeat(_ index: Int) -> UInt64 {
    unsafe ix_control_load(&block(index).pointee.heartbeat)
  }

  // MARK: Commands

  /// Gives a command; its number, or nil when the queue is full. One process at a time may do this:
  /// `Dataplane` holds a lock.
  func give(_ operation: ControlOperation, _ arguments: [UInt64], core: Int) -> UInt64? {
    // SAFETY: the block is mapped; the place is inside the array.
    let shared = unsafe block(core)
    let head = unsafe ix_control_load(&shared.pointee.command_head)
    let tail = unsafe ix_control_load(&shared.pointee.command_tail)
    guard head &- tail < UInt64(IX_COMMAND_LIMIT) else { return nil }
    var command = ControlCommand()
    command.operation = operation.rawValue
    command.arguments.0 = arguments.count > 0 ? arguments[0] : 0
    command.arguments.1 = arguments.count > 1 ? arguments[1] : 0
    command.arguments.2 = arguments.count > 2 ? arguments[2] : 0
    unsafe ix_control_commands(shared)[Int(head % UInt64(IX_COMMAND_LIMIT))] = command
    unsafe ix_control_store(&shared.pointee.command_head, head &+ 1)
    return head
  }

  /// What command `number` came to; nil when it is not done.
  func result(_ number: UInt64, core: Int) -> Status? {
    // SAFETY: as above.
    let shared = unsafe block(core)
    let tail = unsafe ix_control_load(&shared.pointee.command_tail)
    guard tail &- number &- 1 < UInt64(IX_COMMAND_LIMIT) else { return nil }
    let value = unsafe ix_control_results(shared)[Int(number % UInt64(IX_COMMAND_LIMIT))]
    return Status(rawValue: Int32(clamping: value)) ?? .unknownCall
  }

  // MARK: Captured frames

  /// Takes captured frames of core `index` out of its ring. A ring that makes no sense yields none.
  package func takeCaptured(_ index: Int) -> [CapturedFrame] {
    // SAFETY: the block is mapped.
    let shared = unsafe block(index)
    let address = unsafe shared.pointee.capture_bytes
    let size = unsafe shared.pointee.capture_byte_count
    guard size >= 4096, size & (size - 1) == 0, size <= 1 << 30,
      memory.contains(address, byteCount: Int(size))
    else { return [] }
    let head = unsafe ix_control_load(&shared.pointee.capture_head)
    let tail = unsafe shared.pointee.capture_tail
    guard head &- tail <= size else {
      unsafe ix_control_store(&shared.pointee.capture_tail, head)
      return []
    }
    // SAFETY: the ring is mapped; what is between tail and head is not written by the guest.
    let ring = unsafe UnsafeRawBufferPointer(
      start: memory.pointer(to: address, byteCount: Int(size)), count: Int(size))
    let frames = unsafe CapturedFrame.all(in: ring, from: tail, to: head)
    unsafe ix_control_store(&shared.pointee.capture_tail, head)
    return frames
  }
}
