import Wire

/// Cuts a TCP frame that is longer than the link allows into segments, as a port with TSO would.
package struct Segmentation: BitwiseCopyable {
  /// More segments than this no honest guest asks for: 64 KiB at the smallest MSS make 123.
  package static var countLimit: Int { 256 }

  private let headers: FrameHeaders
  private let segmentByteCount: Int
  package let count: Int

  /// `segmentByteCount`: payload bytes of every segment but the last. Nil when the frame cannot be
  /// cut so.
  package init?(_ headers: FrameHeaders, segmentByteCount: Int) {
    let payload = headers.payloadByteCount
    guard headers.isTCP, segmentByteCount > 0, payload > 0 else { return nil }
    count = (payload &+ segmentByteCount &- 1) / segmentByteCount
    guard count <= Self.countLimit else { return nil }
    self.headers = headers
    self.segmentByteCount = segmentByteCount
  }

  private func payloadByteCount(of index: Int) -> Int {
    index == count &- 1
      ? headers.payloadByteCount &- index &* segmentByteCount : segmentByteCount
  }

  /// Of the frame that carries segment `index`.
  package func frameByteCount(of index: Int) -> Int {
    headers.payloadOffset &+ payloadByteCount(of: index)
  }

  /// Fills `frame`, which has `frameByteCount(of: index)` bytes, with segment `index` of `whole`.
  package func emit(_ index: Int, of whole: RawSpan, into frame: inout MutableRawSpan) {
    let payload = payloadByteCount(of: index)
    let start = headers.payloadOffset &+ index &* segmentByteCount
    frame.copy(whole, from: 0, byteCount: headers.payloadOffset, to: 0)
    frame.copy(whole, from: start, byteCount: payload, to: headers.payloadOffset)
    let byteCount = headers.payloadOffset &+ payload
    adjustNetworkHeader(of: &frame, index: index, byteCount: byteCount)
    adjustTCPHeader(of: &frame, index: index)
    FrameHeaders(headers, endOffset: byteCount).completeChecksum(in: &frame)
  }

  private func adjustNetworkHeader(
    of frame: inout MutableRawSpan, index: Int, byteCount: Int
  ) {
    let offset = headers.networkOffset
    guard !headers.isIPv6 else {
      let payload = UInt16(truncatingIfNeeded: byteCount &- headers.transportOffset)
      return frame.storeBigEndian(payload, at: offset &+ 4)
    }
    let identification: UInt16 = frame.bytes.bigEndian(at: offset &+ 4)
    frame.storeBigEndian(UInt16(truncatingIfNeeded: byteCount &- offset), at: offset &+ 2)
    frame.storeBigEndian(
      identification &+ UInt16(truncatingIfNeeded: index), at: offset &+ 4)
    frame.storeBigEndian(0 as UInt16, at: offset &+ 10)
    let checksum = Checksum.of(
      frame.bytes, from: offset, byteCount: headers.transportOffset &- offset)
    frame.storeBigEndian(checksum, at: offset &+ 10)
  }

  /// FIN and PSH belong to the last byte; CWR (RFC 3168, section 6.1.2) to the first segment.
  private func adjustTCPHeader(of frame: inout MutableRawSpan, index: Int) {
    let offset = headers.transportOffset
    let sequence: UInt32 = frame.bytes.bigEndian(at: offset &+ 4)
    frame.storeBigEndian(
      sequence &+ UInt32(truncatingIfNeeded: index &* segmentByteCount), at: offset &+ 4)
    var flags = frame.bytes.octet(at: offset &+ 13)
    if index != count &- 1 { flags &= ~0x09 }
    if index != 0 { flags &= ~0x80 }
    frame.storeBigEndian(flags, at: offset &+ 13)
  }
}
