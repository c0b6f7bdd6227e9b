/// Why bytes are no site archive.
package enum SiteArchiveError: Error, Equatable {
  /// The first bytes are not those of an archive.
  case foreign
  /// Of another version of the format.
  case unsupportedVersion
  /// Fewer or more bytes than the archive says it has.
  case truncated
  /// A range outside of the archive, a path out of order, or a head that is none.
  case malformed
}

extension SiteArchive {
  static var magic: StaticString { "IXSITE\r\n" }

  /// Beyond that a head is not ours.
  static var headByteLimit: Int { 2048 }
  static var mediaTypeByteLimit: Int { 127 }

  static func checkedEntryCount(of bytes: RawSpan) throws(SiteArchiveError) -> Int {
    guard bytes.byteCount >= 8, bytes.equals(magic, in: 0..<8) else { throw .foreign }
    guard bytes.byteCount >= headerByteCount else { throw .truncated }
    guard bytes.littleEndian(at: 8) == version else { throw .unsupportedVersion }
    guard bytes.littleEndian(at: 16) == UInt64(bytes.byteCount) else { throw .truncated }
    let entryCount = Int(bytes.littleEndian(at: 12) as UInt32)
    guard entryCount <= (bytes.byteCount &- headerByteCount) / entryByteCount else {
      throw .malformed
    }
    return entryCount
  }

  /// Checks that everything an entry names lies behind the table, that its head is one, and that
  /// its path comes after the one before it.
  func checkEntry(_ index: Int) throws(SiteArchiveError) {
    let place = Self.headerByteCount &+ index &* Self.entryByteCount
    let pathByteCount = UInt64(content.littleEndian(at: place &+ 32) as UInt32)
    let headByteCount = Int(content.littleEndian(at: place &+ 36) as UInt32)
    let status = content.littleEndian(at: place &+ 40) as UInt16
    let typeOffset = Int(content.littleEndian(at: place &+ 42) as UInt16)
    let typeByteCount = Int(content.littleEndian(at: place &+ 44) as UInt16)
    let contentByteCount: UInt64 = content.littleEndian(at: place &+ 16)
    guard headByteCount <= Self.headByteLimit, typeByteCount <= Self.mediaTypeByteLimit,
      typeOffset &+ typeByteCount <= headByteCount,
      contentByteCount <= UInt64(content.byteCount),
      contains(content.littleEndian(at: place), pathByteCount),
      contains(content.littleEndian(at: place &+ 8), UInt64(headByteCount) &+ contentByteCount),
      status == Status.ok.rawValue
        || status == Status.movedPermanently.rawValue && contentByteCount == 0
    else { throw .malformed }
    try checkHead(entry(index).head)
    let path = path(index)
    guard !path.isEmpty, content.octet(path.lowerBound) == UInt8(ascii: "/") else {
      throw .malformed
    }
    guard index > 0 else { return }
    let order = content.order(in: self.path(index &- 1), against: content, in: path)
    guard order < 0 else { throw .malformed }
  }

  private func checkHead(_ head: Range<Int>) throws(SiteArchiveError) {
    let (start, end): (StaticString, StaticString) = ("HTTP/1.1 ", "\r\n\r\n")
    guard head.count >= start.utf8CodeUnitCount &+ end.utf8CodeUnitCount,
      content.equals(start, in: head.lowerBound..<head.lowerBound &+ start.utf8CodeUnitCount),
      content.equals(end, in: head.upperBound &- end.utf8CodeUnitCount..<head.upperBound)
    else { throw .malformed }
  }

  /// Whether a range lies behind the table and inside of the archive.
  private func contains(_ offset: UInt64, _ byteCount: UInt64) -> Bool {
    let total = UInt64(content.byteCount)
    let table = UInt64(Self.headerByteCount &+ entryCount &* Self.entryByteCount)
    return offset >= table && offset <= total && byteCount <= total &- offset
  }
}
