import Wire

/// TCP options and every header, from any bytes. What is understood of options is written and read
/// again, and must be the same.
enum OptionsTarget {
  static func run(_ input: UnsafeRawBufferPointer) {
    let bytes = RawSpan(_unsafeBytes: input)
    let options = TCPOptions(parsing: bytes, byteCount: min(bytes.byteCount, 40))
    require(options.sackBlockCount <= 4, "too many blocks")
    require((options.windowScale ?? 0) <= TCPOptions.windowScaleLimit, "too large a shift")
    require(options.byteCount % 4 == 0, "options are padded to 32 bits")
    check(options)
    if let header = try? TCPHeader(parsing: bytes, byteCount: bytes.byteCount) {
      let end = header.headerByteCount + header.payloadByteCount
      require(end == bytes.byteCount, "the segment is what there is")
      check(header.options)
    }
    _ = try? UDPHeader(parsing: bytes, byteCount: bytes.byteCount)
    _ = try? ARPPacket(parsing: bytes)
    _ = try? ICMPHeader(parsing: bytes, byteCount: bytes.byteCount)
    if let header = try? IPv4Header(parsing: bytes) {
      require(header.totalLength <= bytes.byteCount, "a packet longer than its frame")
      require(header.headerByteCount <= header.totalLength, "a header longer than its packet")
    }
  }

  private static func check(_ options: TCPOptions) {
    guard options.byteCount <= 40 else { return }
    withUnsafeTemporaryAllocation(byteCount: 40, alignment: 4) { memory in
      var span = MutableRawSpan(_unsafeBytes: memory)
      options.emit(into: &span)
      let again = TCPOptions(
        parsing: RawSpan(_unsafeBytes: UnsafeRawBufferPointer(memory)),
        byteCount: options.byteCount)
      require(again.maximumSegmentByteCount == options.maximumSegmentByteCount, "MSS")
      require(again.windowScale == options.windowScale, "window scale")
      require(again.isSACKPermitted == options.isSACKPermitted, "SACK permitted")
      require(again.hasTimestamps == options.hasTimestamps, "timestamps")
      require(again.timestampValue == options.timestampValue, "TSval")
      require(again.timestampEcho == options.timestampEcho, "TSecr")
      require(again.sackBlockCount == options.sackBlockCount, "SACK")
      for index in 0..<Int(options.sackBlockCount) {
        require(again.sackBlocks[index] == options.sackBlocks[index], "SACK block")
      }
    }
  }
}
