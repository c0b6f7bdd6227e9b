/// Takes numbers from the fuzzer's input; zeros when it is used up.
struct InputReader {
  private let bytes: UnsafeRawBufferPointer
  private var offset = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isEmpty: Bool { offset >= bytes.count }

  mutating func byte() -> UInt8 {
    guard offset < bytes.count else { return 0 }
    defer { offset += 1 }
    return bytes[offset]
  }

  mutating func word() -> UInt16 { UInt16(byte()) << 8 | UInt16(byte()) }

  mutating func doubleWord() -> UInt32 { UInt32(word()) << 16 | UInt32(word()) }

  /// Up to `count` bytes.
  mutating func take(_ count: Int) -> UnsafeRawBufferPointer {
    let end = min(bytes.count, offset + count)
    defer { offset = end }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<end])
  }
}
