import CLinux
import Glibc

/// One queue of a tap interface. Frames have a virtio network header in front (virtio 1.1, section
/// 5.1.6).
package struct TapPort: Sendable {
  /// Bytes of the header, `num_buffers` included.
  package static let headerByteCount = 12

  /// What the tap may leave to the reader: TUN_F_CSUM of <linux/if_tun.h>.
  package enum Offloads {
    package static let none: UInt32 = 0
    package static let checksum: UInt32 = 1
  }

  let descriptor: Descriptor

  /// Opens a queue of `name`, an existing tap; `isOneOfSeveral` for one made with multi_queue.
  package init(_ name: String, isOneOfSeveral: Bool) throws(SystemCallError) {
    // SAFETY: the name is a terminated string for the duration of the call.
    descriptor = Descriptor(
      owning: unsafe try checked(
        "TUNSETIFF", on: name, ix_tap_open(name, isOneOfSeveral ? 1 : 0)))
    try checked(
      "TUNSETVNETHDRSZ", on: name,
      ix_tap_set_header_bytes(descriptor.rawValue, Int32(Self.headerByteCount)))
  }

  func setOffloads(_ flags: UInt32) throws(SystemCallError) {
    try checked("TUNSETOFFLOAD", ix_tap_set_offloads(descriptor.rawValue, flags))
  }

  enum Received: Equatable {
    /// This many bytes, header included.
    case frame(Int)
    case nothing
  }

  /// Reads one frame to where `chain` may be written; what does not fit is lost.
  func receive(into chain: borrowing DescriptorChain) -> Received {
    let buffers = unsafe chain.writable
    // SAFETY: the chain was checked to lie in guest memory.
    let count = unsafe readv(descriptor.rawValue, buffers.baseAddress, Int32(buffers.count))
    return count > 0 ? .frame(count) : .nothing
  }

  /// Sends one frame, header in front; false when the host did not take it.
  func send(_ chain: borrowing DescriptorChain) -> Bool {
    let buffers = unsafe chain.readable
    // SAFETY: the chain was checked to lie in guest memory.
    return unsafe writev(descriptor.rawValue, buffers.baseAddress, Int32(buffers.count)) > 0
  }
}
