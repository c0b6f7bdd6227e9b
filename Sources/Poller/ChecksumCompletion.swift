import Wire

extension FrameHeaders {
  /// Computes the checksum of the packet and puts it where it belongs, whatever was there.
  package func completeChecksum(in frame: inout MutableRawSpan) {
    let byteCount = endOffset &- transportOffset
    frame.storeBigEndian(0 as UInt16, at: checksumOffset)
    var checksum = pseudoHeader(of: frame.bytes, byteCount: byteCount)
    checksum.add(frame.bytes, from: transportOffset, byteCount: byteCount)
    // RFC 768: a computed zero is sent as all ones; zero means that there is no checksum.
    let value = checksum.complement == 0 && !isTCP ? 0xFFFF : checksum.complement
    frame.storeBigEndian(value, at: checksumOffset)
  }
}
