#if hasFeature(Embedded)
  import HTTP
  import IX

  /// The site archive of the image, or the built-in one without; unchanged for the life of the application.
  @_lifetime(immortal)
  func siteContent() -> RawSpan {
    // SAFETY: the image's content and the built-in archive are never written or freed.
    let span = unsafe RawSpan(_unsafeBytes: site)
    return unsafe _overrideLifetime(span, copying: ())
  }

  /// Finds the site; to be called once, before anything else here.
  func findSite() {
    let image = content
    // SAFETY: the content stays where it is for the life of the application.
    unsafe site = image.isEmpty ? packBuiltInSite() : image.withUnsafeBytes { unsafe $0 }
  }

  // SAFETY: written once, by `findSite`, on this core alone.
  nonisolated(unsafe) private var site = unsafe UnsafeRawBufferPointer(start: nil, count: 0)

  /// One page, for images without content.
  private func packBuiltInSite() -> UnsafeRawBufferPointer {
    let path: StaticString = "/index.html"
    let page: StaticString = """
      <!doctype html>
      <title>IX</title>
      <p>This image carries no site. Name a folder as <code>content</code> in its manifest.

      """
    var writer = SiteArchiveWriter()
    var archive: [UInt8] = []
    do throws(SiteArchiveError) {
      try writer.add(bytes(of: page), at: bytes(of: path))
      archive = try writer.archive()
    } catch {
      fatalError("the built-in page cannot be packed")
    }
    let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: archive.count)
    _ = unsafe copy.initialize(from: archive)
    return UnsafeRawBufferPointer(copy)
  }

  private func bytes(of text: StaticString) -> [UInt8] {
    // SAFETY: a static string's bytes live for ever.
    unsafe Array(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
#endif
