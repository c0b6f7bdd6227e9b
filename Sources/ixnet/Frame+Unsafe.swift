import CDPDK
import Poller

/// One frame in a buffer of DPDK's. Whoever has it gives it to a port, to the guest, or releases it.
@safe
struct Frame {
  let raw: ix_frame

  var byteCount: Int { unsafe Int(raw.byte_count) }
  /// The checksum field holds the pseudo-header's sum only.
  var isPartial: Bool { unsafe raw.checksum == UInt16(IX_CHECKSUM_PARTIAL) }
  /// The port has verified the checksum.
  var isVerified: Bool { unsafe raw.checksum == UInt16(IX_CHECKSUM_VERIFIED) }
  /// Payload bytes of the segments to cut it into, 0 for none.
  var segmentByteCount: Int { unsafe Int(raw.segment_byte_count) }

  init(_ raw: ix_frame) { unsafe self.raw = raw }

  /// An empty one to write to; nil when all buffers are in use.
  init?(byteCount: Int) {
    var frame = unsafe ix_frame()
    // SAFETY: `frame` is a local that the call fills in.
    guard unsafe ix_frame_make(&frame, UInt32(truncatingIfNeeded: byteCount)) else { return nil }
    unsafe raw = frame
  }

  func release() { unsafe ix_frame_release(raw) }

  func reading<Result>(_ body: (RawSpan) -> Result) -> Result {
    // SAFETY: the buffer has so many bytes and stays while its owner does not give it away.
    body(unsafe RawSpan(_unsafeStart: raw.bytes, byteCount: byteCount))
  }

  func writing(_ body: (inout MutableRawSpan) -> Void) {
    // SAFETY: as above; nobody else uses a buffer that has an owner.
    var bytes = unsafe MutableRawSpan(_unsafeStart: raw.bytes, byteCount: byteCount)
    body(&bytes)
  }

  /// Leaves the checksum, and the cutting if it is asked for, to whoever gets the frame.
  func leaveChecksum(_ headers: FrameHeaders) {
    var offload = ix_offload(
      link_byte_count: UInt16(truncatingIfNeeded: headers.networkOffset),
      network_byte_count: UInt16(
        truncatingIfNeeded: headers.transportOffset - headers.networkOffset),
      transport_byte_count: UInt16(
        truncatingIfNeeded: headers.payloadOffset - headers.transportOffset),
      segment_byte_count: UInt16(truncatingIfNeeded: segmentByteCount),
      is_ipv6: headers.isIPv6, is_tcp: headers.isTCP)
    // SAFETY: the call reads a local.
    unsafe ix_frame_offload(raw, &offload)
  }
}

/// Up to `capacity` frames that travel together.
@safe
struct FrameBatch: ~Copyable {
  static let capacity = 32

  private let frames: UnsafeMutablePointer<ix_frame>
  private(set) var count = 0

  init() { unsafe frames = .allocate(capacity: Self.capacity) }

  deinit { unsafe frames.deallocate() }

  var isFull: Bool { count == Self.capacity }

  subscript(index: Int) -> Frame {
    precondition(index < count)
    // SAFETY: the first `count` are initialised.
    return unsafe Frame(frames[index])
  }

  mutating func append(_ frame: Frame) {
    precondition(!isFull)
    // SAFETY: there is room for one more.
    unsafe (frames + count).initialize(to: frame.raw)
    count += 1
  }

  /// Replaces the content by what `source` puts at the place it is given, at most `limit` frames.
  mutating func fill(limit: Int, from source: (UnsafeMutablePointer<ix_frame>, UInt32) -> UInt32) {
    count = unsafe Int(source(frames, UInt32(min(limit, Self.capacity))))
  }

  /// Gives all frames to `target`, which returns how many it could use.
  mutating func empty(into target: (UnsafePointer<ix_frame>, UInt32) -> UInt32) -> Int {
    defer { count = 0 }
    return unsafe Int(target(frames, UInt32(count)))
  }
}
