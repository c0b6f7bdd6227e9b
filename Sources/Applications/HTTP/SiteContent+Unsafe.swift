#if hasFeature(Embedded)
  import HTTP
  import IX

  /// The site archive of the image, or the built-in one without; unchanged for the life of the application.
  @_lifetime(immortal)
  func siteContent() -> RawSpan {
    let site = content
    guard site.isEmpty else { return site }
    // SAFETY: see `builtIn`.
    let span = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(builtIn))
    return unsafe _overrideLifetime(span, copying: ())
  }

  // SAFETY: initialised once, on the only core, and never written or freed.
  nonisolated(unsafe) private let builtIn = unsafe packBuiltInSite()

  /// One page, for images without content.
  private func packBuiltInSite() -> UnsafeMutableBufferPointer<UInt8> {
    let page: StaticString = """
      <!doctype html>
      <title>IX</title>
      <p>This image carries no site. Name a folder as <code>content</code> in its manifest.

      """
    var writer = SiteArchiveWriter()
    var archive: [UInt8] = []
    do throws(SiteArchiveError) {
      let bytes = unsafe UnsafeBufferPointer(start: page.utf8Start, count: page.utf8CodeUnitCount)
      try unsafe writer.add(Array(bytes), at: Array("/index.html".utf8))
      archive = try writer.archive()
    } catch {
      fatalError("the built-in page cannot be packed")
    }
    let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: archive.count)
    _ = unsafe copy.initialize(from: archive)
    return unsafe copy
  }
#endif
