import CIX

/// The content of the image, as `ixlaunch build` packed it; empty when there is none. It begins on a
/// page and stays where it is for the life of the application, so that it may be sent from there
/// (`Connection.send(immortal:)`).
public var content: RawSpan {
  @_lifetime(immortal)
  get {
    guard let page = unsafe ix_startup_page(),
      let start = unsafe UnsafeRawPointer(bitPattern: UInt(page.pointee.content))
    else { return RawSpan() }
    // SAFETY: the kernel maps the content, read-only, for the life of the application.
    let span = unsafe RawSpan(
      _unsafeStart: start, byteCount: Int(page.pointee.content_byte_count))
    return unsafe _overrideLifetime(span, copying: ())
  }
}
