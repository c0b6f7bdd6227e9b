import Packets
import Wire

/// What stands in front of every frame in a virtio network queue: `struct virtio_net_hdr` (virtio
/// 1.1, section 5.1.6), little-endian.
struct VirtioNetworkHeader: BitwiseCopyable, Equatable {
  /// With VERSION_1 the header has `num_buffers` even where MRG_RXBUF is not negotiated, with
  /// HASH_REPORT 8 bytes more (section 5.1.6): hash_value, hash_report, padding.
  static func byteCount(_ features: VirtioFeatures) -> Int {
    features.contains(.networkHashReport) ? byteLimit : byteLimit - reportByteCount
  }
  static var byteLimit: Int { 20 }
  static var reportByteCount: Int { 8 }

  /// flags (bits 0..7), gso_type (8..15), hdr_len (16..31), gso_size (32..47), csum_start (48..63).
  let first: UInt64
  /// csum_offset (bits 0..15), num_buffers (16..31).
  let second: UInt32

  init(first: UInt64, second: UInt32) {
    self.first = first
    self.second = second
  }

  /// VIRTIO_NET_HDR_F_NEEDS_CSUM: the checksum field holds the pseudo-header sum only.
  static var needsChecksum: UInt8 { 1 }
  /// VIRTIO_NET_HDR_F_DATA_VALID: the device has verified the checksum.
  static var isVerified: UInt8 { 2 }
  /// VIRTIO_NET_HDR_GSO_TCPV4.
  static var segmentationTCPv4: UInt64 { 1 }
  /// VIRTIO_NET_HDR_GSO_ECN: the segment's CWR belongs to its first piece only.
  private static var segmentationECN: UInt8 { 0x80 }

  var flags: UInt8 { UInt8(truncatingIfNeeded: first) }
  var segmentationKind: UInt8 { UInt8(truncatingIfNeeded: first &>> 8) }
  var isSegmentedTCPv4: Bool {
    UInt64(segmentationKind & ~Self.segmentationECN) == Self.segmentationTCPv4
  }
  /// `num_buffers`: buffers that hold the frame, where MRG_RXBUF was negotiated.
  var bufferCount: UInt16 { UInt16(truncatingIfNeeded: second &>> 16) }
  var checksumStart: Int { Int(UInt16(truncatingIfNeeded: first &>> 48)) }
  var checksumOffset: Int { Int(UInt16(truncatingIfNeeded: second)) }

  /// The header of a frame to be sent (section 5.1.6.2).
  @inline(__always)
  init(for frame: OutgoingFrame) {
    guard frame.checksumStart != 0 else {
      first = 0
      second = 0
      return
    }
    var first = UInt64(Self.needsChecksum)
    first |= UInt64(UInt16(truncatingIfNeeded: frame.checksumStart)) &<< 48
    if frame.segmentByteCount != 0 {
      first |= Self.segmentationTCPv4 &<< 8
      first |= UInt64(UInt16(truncatingIfNeeded: frame.headerByteCount)) &<< 16
      first |= UInt64(UInt16(truncatingIfNeeded: frame.segmentByteCount)) &<< 32
    }
    self.first = first
    second = UInt32(UInt16(truncatingIfNeeded: frame.checksumOffset))
  }
}
