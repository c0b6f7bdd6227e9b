/// Packs files into a `SiteArchive`: heads are composed here, once, and not per request.
package struct SiteArchiveWriter {
  private struct Item {
    let path: [UInt8]
    let reply: Int
    let headByteCount: Int
    let contentByteCount: Int
    let tag: EntityTag
    let status: Status
    let mediaType: Range<Int>
  }

  private var items: [Item] = []
  /// Heads and contents, one after the other.
  private var replies: [UInt8] = []

  package init() {}

  /// Adds a file. `path` begins with a slash and is what a client asks for after decoding, like
  /// "/über uns/index.html"; an index.html also answers for its directory.
  ///
  /// Throws `.malformed` for a path that no request can name.
  package mutating func add(_ content: [UInt8], at path: [UInt8]) throws(SiteArchiveError) {
    try Self.check(path)
    let tag = EntityTag(hashing: content)
    let type = ContentType.of(path: path)
    var head: [UInt8] = []
    head.appendHead(.ok)
    head.append("Content-Type: ")
    let typeStart = head.count
    head.append(type)
    let typeEnd = head.count
    head.append("\r\nContent-Length: ")
    head.append(decimal: content.count)
    head.append("\r\nETag: ")
    tag.append(to: &head)
    head.append("\r\nAccept-Ranges: bytes\r\n\r\n")
    let item = Item(
      path: path, reply: replies.count, headByteCount: head.count,
      contentByteCount: content.count, tag: tag, status: .ok, mediaType: typeStart..<typeEnd)
    replies += head
    replies += content
    items.append(item)
    addDirectory(of: item)
  }

  /// The archive's bytes. Throws `.malformed` if a path was added twice.
  package consuming func archive() throws(SiteArchiveError) -> [UInt8] {
    items.sort { $0.path.lexicographicallyPrecedes($1.path) }
    for index in items.indices.dropFirst() where items[index].path == items[index &- 1].path {
      throw .malformed
    }
    let tableEnd = SiteArchive.headerByteCount + items.count * SiteArchive.entryByteCount
    let paths = items.reduce(0) { $0 + $1.path.count }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(tableEnd + paths + replies.count)
    bytes.append(SiteArchive.magic)
    bytes.append(littleEndian: SiteArchive.version)
    bytes.append(littleEndian: UInt32(items.count))
    bytes.append(littleEndian: UInt64(tableEnd + paths + replies.count))
    var pathOffset = tableEnd
    for item in items {
      Self.append(item, path: pathOffset, reply: tableEnd + paths + item.reply, to: &bytes)
      pathOffset += item.path.count
    }
    for item in items { bytes += item.path }
    bytes += replies
    return bytes
  }

  private static func append(_ item: Item, path: Int, reply: Int, to bytes: inout [UInt8]) {
    bytes.append(littleEndian: UInt64(path))
    bytes.append(littleEndian: UInt64(reply))
    bytes.append(littleEndian: UInt64(item.contentByteCount))
    bytes.append(littleEndian: item.tag.hash)
    bytes.append(littleEndian: UInt32(item.path.count))
    bytes.append(littleEndian: UInt32(item.headByteCount))
    bytes.append(littleEndian: item.status.rawValue)
    bytes.append(littleEndian: UInt16(item.mediaType.lowerBound))
    bytes.append(littleEndian: UInt16(item.mediaType.count))
    bytes.append(littleEndian: 0 as UInt16)
  }

  /// Short enough to fit a head, normal, and without what would end a header line.
  private static func check(_ path: [UInt8]) throws(SiteArchiveError) {
    let pathByteLimit = 512
    guard path.first == UInt8(ascii: "/"), path.count <= pathByteLimit else { throw .malformed }
    for byte in path where byte < .space || byte == 0x7F { throw .malformed }
    let slash = UInt8(ascii: "/")
    for segment in path.dropFirst().split(separator: slash, omittingEmptySubsequences: false) {
      let isDots = segment.count <= 2 && segment.allSatisfy { $0 == UInt8(ascii: ".") }
      if isDots { throw .malformed }
    }
  }

  /// Lets an index answer for its directory, and redirects the directory's name without the slash,
  /// so that relative links work.
  private mutating func addDirectory(of item: Item) {
    let text: StaticString = "index.html"
    var name: [UInt8] = []
    name.append(text)
    guard item.path.count > name.count, item.path.suffix(name.count).elementsEqual(name),
      item.path[item.path.count - name.count - 1] == UInt8(ascii: "/")
    else { return }
    let directory = Array(item.path.dropLast(name.count))
    items.append(
      Item(
        path: directory, reply: item.reply, headByteCount: item.headByteCount,
        contentByteCount: item.contentByteCount, tag: item.tag, status: .ok,
        mediaType: item.mediaType))
    guard directory.count > 1 else { return }
    var head: [UInt8] = []
    head.appendHead(.movedPermanently)
    head.append("Location: ")
    head.append(percentEncoding: directory)
    head.append("\r\nContent-Length: 0\r\n\r\n")
    items.append(
      Item(
        path: Array(directory.dropLast()), reply: replies.count, headByteCount: head.count,
        contentByteCount: 0, tag: EntityTag(hash: 0), status: .movedPermanently,
        mediaType: 0..<0))
    replies += head
  }
}

extension [UInt8] {
  fileprivate mutating func append(littleEndian value: some FixedWidthInteger) {
    var rest = value
    for _ in 0..<MemoryLayout.size(ofValue: value) {
      append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }

  /// Appends a path as a URI reference spells it.
  fileprivate mutating func append(percentEncoding path: [UInt8]) {
    let digits = "0123456789ABCDEF" as StaticString
    for byte in path {
      if byte.isUnreserved || byte == UInt8(ascii: "/") {
        append(byte)
      } else {
        append(UInt8(ascii: "%"))
        append(digits.bytes.octet(Int(byte >> 4)))
        append(digits.bytes.octet(Int(byte & 15)))
      }
    }
  }
}
