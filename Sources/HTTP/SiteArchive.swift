/// A web site as one read-only range of bytes, ready to be sent: an image carries it and the server
/// never copies it.
///
/// Format, version 1; integers are little-endian, offsets count from the beginning:
///
///     0  "IXSITE\r\n"
///     8  version, 32 bits
///    12  number of entries, 32 bits
///    16  bytes of the whole archive, 64 bits
///    24  entries of 48 bytes each, ascending by path (bytewise), no path twice
///
/// An entry:
///
///     0  offset of the path, 64 bits
///     8  offset of the reply, 64 bits: the head of a reply with its empty line, then the content
///    16  bytes of the content, 64 bits
///    24  the entity tag's hash, 64 bits
///    32  bytes of the path, 32 bits
///    36  bytes of the head, 32 bits
///    40  status of the reply, 16 bits: 200, or 301 without content
///    42  offset of the media type in the head, 16 bits
///    44  bytes of the media type, 16 bits
///    46  zero, 16 bits
///
/// Paths are normal (`RawSpan.normalPath`) and begin with a slash. Heads carry every field of the
/// reply that does not depend on the request.
package struct SiteArchive: ~Escapable {
  private let bytes: RawSpan
  package let entryCount: Int

  /// Checks all of an archive: work in proportion to its number of entries and paths.
  @_lifetime(copy bytes)
  package init(parsing bytes: RawSpan) throws(SiteArchiveError) {
    entryCount = try Self.checkedEntryCount(of: bytes)
    self.bytes = bytes
    for index in 0..<entryCount { try checkEntry(index) }
  }

  /// Takes bytes that `init(parsing:)` has accepted before, without another check. What an entry
  /// names is still checked when it is used.
  @_lifetime(copy bytes)
  package init(accepted bytes: RawSpan) {
    self.bytes = bytes
    entryCount = Int(bytes.littleEndian(at: 12) as UInt32)
  }

  package static var version: UInt32 { 1 }
  static var headerByteCount: Int { 24 }
  static var entryByteCount: Int { 48 }

  /// All of it: what `SiteEntry`'s ranges refer to.
  package var content: RawSpan {
    @_lifetime(copy self)
    get { bytes }
  }

  /// The entry of the path that `range` of `text` spells.
  package func entry(at range: Range<Int>, of text: RawSpan) -> SiteEntry? {
    guard let index = index(of: range, of: text) else { return nil }
    return entry(index)
  }

  /// The whole reply that is stored for the path that `range` of `text` spells, and its status.
  @inline(__always)
  func reply(at range: Range<Int>, of text: RawSpan) -> (range: Range<Int>, status: Status)? {
    guard let index = index(of: range, of: text) else { return nil }
    let place = place(index)
    let start = Int(truncatingIfNeeded: bytes.littleEndian(at: place &+ 8) as UInt64)
    let contentByteCount = Int(truncatingIfNeeded: bytes.littleEndian(at: place &+ 16) as UInt64)
    let end = start &+ contentByteCount &+ Int(bytes.littleEndian(at: place &+ 36) as UInt32)
    return (start..<end, isRedirection(place) ? .movedPermanently : .ok)
  }

  @inline(__always)
  private func index(of range: Range<Int>, of text: RawSpan) -> Int? {
    var (lower, upper) = (0, entryCount)
    while lower < upper {
      let middle = lower &+ (upper &- lower) / 2
      let order = text.order(in: range, against: bytes, in: path(middle))
      if order == 0 { return middle }
      if order < 0 { upper = middle } else { lower = middle &+ 1 }
    }
    return nil
  }

  @inline(__always)
  private func isRedirection(_ place: Int) -> Bool {
    bytes.littleEndian(at: place &+ 40) as UInt16 == Status.movedPermanently.rawValue
  }

  @inline(__always)
  private func place(_ index: Int) -> Int { Self.headerByteCount &+ index &* Self.entryByteCount }

  @inline(__always)
  func path(_ index: Int) -> Range<Int> {
    let place = place(index)
    let offset = Int(truncatingIfNeeded: bytes.littleEndian(at: place) as UInt64)
    return offset..<offset &+ Int(bytes.littleEndian(at: place &+ 32) as UInt32)
  }

  func entry(_ index: Int) -> SiteEntry {
    let place = place(index)
    let reply = Int(truncatingIfNeeded: bytes.littleEndian(at: place &+ 8) as UInt64)
    let content = reply &+ Int(bytes.littleEndian(at: place &+ 36) as UInt32)
    let byteCount = Int(truncatingIfNeeded: bytes.littleEndian(at: place &+ 16) as UInt64)
    let type = reply &+ Int(bytes.littleEndian(at: place &+ 42) as UInt16)
    return SiteEntry(
      head: reply..<content, content: content..<content &+ byteCount,
      mediaType: type..<type &+ Int(bytes.littleEndian(at: place &+ 44) as UInt16),
      tag: EntityTag(hash: bytes.littleEndian(at: place &+ 24)),
      isRedirection: isRedirection(place))
  }
}

/// What a site has at one path. Ranges are of the archive's bytes.
package struct SiteEntry: Equatable {
  /// The head of a reply, with the empty line at its end.
  package let head: Range<Int>
  /// Follows the head directly.
  package let content: Range<Int>
  package let mediaType: Range<Int>
  package let tag: EntityTag
  /// A 301 without content, and not a 200.
  package let isRedirection: Bool
}
