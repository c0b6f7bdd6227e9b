import CIXABI
import Dataplane
import Foundation
import Packets

@testable import ControlPlane

/// A file that looks like a guest's memory, with the kernel's own code on the other side.
final class FakeGuest {
  let path: String
  let memory: GuestMemory
  let captureByteCount = 1 << 14
  private let blocks: UInt64 = 0x20000
  private let rings: UInt64 = 0x80000

  init(coreCount: Int = 2, hasHeader: Bool = true) throws {
    path =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("ix-guest-\(UUID().uuidString)").path
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
    precondition(descriptor >= 0 && ftruncate(descriptor, 4 << 20) == 0)
    close(descriptor)
    guard let memory = GuestMemory(path: path) else { throw POSIXError(.EIO) }
    self.memory = memory
    guard hasHeader else { return }
    change {
      $0.version = IX_CONTROL_VERSION
      $0.core_count = UInt32(coreCount)
      $0.core_blocks = blocks
      $0.core_block_stride = UInt64(ControlBlock.byteCount)
      $0.magic = IX_CONTROL_MAGIC
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func change(_ body: (inout ix_control_header) -> Void) {
    let header = memory.pointer(
      to: IX_CONTROL_ADDRESS, byteCount: MemoryLayout<ix_control_header>.size)
    body(&header.assumingMemoryBound(to: ix_control_header.self).pointee)
  }

  /// The kernel's side of a core.
  func block(_ index: Int) -> ControlBlock {
    ControlBlock(
      memory: region(blocks + UInt64(index * ControlBlock.byteCount), ControlBlock.byteCount),
      captureRing: place(index))
  }

  func place(_ index: Int) -> CaptureRing.Place {
    let address = rings + UInt64(index * captureByteCount)
    return CaptureRing.Place(
      memory: region(address, captureByteCount), physicalAddress: address)
  }

  /// The words of a core's block that the kernel writes.
  func core(_ index: Int) -> UnsafeMutablePointer<ix_control_core> {
    memory.pointer(
      to: blocks + UInt64(index * ControlBlock.byteCount), byteCount: ControlBlock.byteCount
    ).assumingMemoryBound(to: ix_control_core.self)
  }

  private func region(_ address: UInt64, _ byteCount: Int) -> MemoryRegion {
    let start = memory.pointer(to: address, byteCount: byteCount)
    return MemoryRegion(base: KernelAddress(of: start), byteCount: byteCount)
  }
}
