/// Media types by the extension of a file's name. Text is taken for UTF-8.
enum ContentType {
  private static let known: [(StaticString, StaticString)] = [
    ("html", "text/html; charset=utf-8"), ("htm", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"), ("js", "text/javascript; charset=utf-8"),
    ("mjs", "text/javascript; charset=utf-8"), ("json", "application/json"),
    ("map", "application/json"), ("txt", "text/plain; charset=utf-8"),
    ("md", "text/markdown; charset=utf-8"), ("csv", "text/csv; charset=utf-8"),
    ("xml", "application/xml"), ("svg", "image/svg+xml"), ("png", "image/png"),
    ("jpg", "image/jpeg"), ("jpeg", "image/jpeg"), ("gif", "image/gif"), ("webp", "image/webp"),
    ("avif", "image/avif"), ("ico", "image/x-icon"), ("woff", "font/woff"),
    ("woff2", "font/woff2"), ("ttf", "font/ttf"), ("otf", "font/otf"), ("mp3", "audio/mpeg"),
    ("ogg", "audio/ogg"), ("mp4", "video/mp4"), ("webm", "video/webm"),
    ("pdf", "application/pdf"), ("wasm", "application/wasm"), ("zip", "application/zip"),
    ("gz", "application/gzip"), ("webmanifest", "application/manifest+json"),
  ]

  /// The media type of the file at `path`; bytes of no known kind if its extension tells nothing.
  static func of(path: [UInt8]) -> StaticString {
    var start = path.count
    while start > 0, path[start &- 1] != UInt8(ascii: "."), path[start &- 1] != UInt8(ascii: "/") {
      start &-= 1
    }
    guard start > 0, path[start &- 1] == UInt8(ascii: ".") else { return unknown }
    for (name, type) in known
    where path.rawSpan.equals(caseless: name, in: start..<path.count) { return type }
    return unknown
  }

  private static let unknown: StaticString = "application/octet-stream"
}
