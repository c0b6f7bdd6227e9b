import CIX
import IXABI

// `print` in an application: the standard library hands out one character at a time, the kernel
// takes whole lines.

/// Characters of the current line.
@safe
private struct Line {
  var bytes = InlineArray<256, UInt8>(repeating: 0)
  var count = 0

  mutating func append(_ byte: UInt8) {
    bytes[count] = byte
    count += 1
    if byte == UInt8(ascii: "\n") || count == bytes.count { flush() }
  }

  mutating func flush() {
    let count = UInt64(count)
    // SAFETY: the kernel reads `count` bytes before the call returns.
    unsafe withUnsafePointer(to: &bytes) { start in
      _ = systemCall(.write, UInt64(UInt(bitPattern: start)), count)
    }
    self.count = 0
  }
}

// SAFETY: used by one core only.
nonisolated(unsafe) private var line = Line()

#if hasFeature(Embedded)
  /// What `print` of Embedded Swift ends in.
  @c(putchar)
  func writeCharacter(_ character: CInt) -> CInt {
    unsafe line.append(UInt8(truncatingIfNeeded: character))
    return character
  }
#endif

/// Ends the application, and with it the dataplane. 0 is success; 1...255 is a failure the launcher
/// reports.
public func exit(status: UInt8 = 0) -> Never {
  if unsafe line.count > 0 { unsafe line.flush() }
  _ = systemCall(.exit, UInt64(status), 0)
  fatalError("the kernel returned from exit")
}

/// Text from the manifest's or the command line's `args`; empty when there is none.
public var arguments: RawSpan {
  @_lifetime(immortal)
  get {
    guard let page = unsafe ix_startup_page(),
      let start = unsafe UnsafeRawPointer(bitPattern: UInt(page.pointee.arguments))
    else { return RawSpan() }
    // SAFETY: the kernel maps the arguments, read-only, for the life of the application.
    let count = unsafe Int(page.pointee.arguments_byte_count)
    let span = unsafe RawSpan(_unsafeStart: start, byteCount: count)
    return unsafe _overrideLifetime(span, copying: ())
  }
}
