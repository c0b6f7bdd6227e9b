/// Builds small ELF64 files byte by byte, independently of the code under test.
///
/// Layout: file header, program headers, the pieces' bytes each on a page of its own, symbols, names,
/// section headers.
package struct TinyELF {
  package struct Piece {
    package var name: String
    package var kind: UInt32 = 1
    package var flags: UInt64 = 2
    package var address: UInt64 = 0
    package var alignment: UInt64 = 16
    package var bytes: [UInt8]
  }

  package struct Segment {
    /// Index of the piece whose bytes it loads.
    package var piece: Int
    package var kind: UInt32 = 1
    package var permissions: UInt32
    package var physicalAddress: UInt64
    /// Zeroed memory behind the bytes.
    package var extraByteCount: UInt64 = 0

    package init(
      piece: Int, kind: UInt32 = 1, permissions: UInt32, physicalAddress: UInt64,
      extraByteCount: UInt64 = 0
    ) {
      self.piece = piece
      self.kind = kind
      self.permissions = permissions
      self.physicalAddress = physicalAddress
      self.extraByteCount = extraByteCount
    }
  }

  package var machine: UInt16 = 62
  package var entry: UInt64
  package var pieces: [Piece]
  package var segments: [Segment]
  package var symbols: [(name: String, address: UInt64, byteCount: UInt64)] = []
  /// Where the first piece starts: 4096 leaves room for more program headers.
  package var firstOffset = 4096

  package init(entry: UInt64, pieces: [Piece], segments: [Segment]) {
    self.entry = entry
    self.pieces = pieces
    self.segments = segments
  }

  package var bytes: [UInt8] {
    var file = [UInt8](repeating: 0, count: firstOffset)
    var sections: [(piece: Piece, offset: Int, link: UInt32, entryByteCount: UInt64)] = []
    for piece in pieces {
      sections.append((piece, file.count, 0, 0))
      file += piece.bytes
      file += [UInt8](repeating: 0, count: (4096 - file.count % 4096) % 4096)
    }
    let (table, names) = symbolTable
    let link = UInt32(pieces.count + 2)
    for (piece, link, size) in [(table, link, 24), (names, 0, 0)] as [(Piece, UInt32, UInt64)] {
      sections.append((piece, file.count, link, size))
      file += piece.bytes
    }
    var sectionNames: [UInt8] = [0]
    let all = sections.map(\.piece.name) + [".shstrtab"]
    let nameOffsets = all.map { name -> UInt32 in
      defer { sectionNames += Array(name.utf8) + [0] }
      return UInt32(sectionNames.count)
    }
    let nameSection = Piece(name: ".shstrtab", kind: 3, flags: 0, alignment: 1, bytes: sectionNames)
    sections.append((nameSection, file.count, 0, 0))
    file += sectionNames
    file += [UInt8](repeating: 0, count: (8 - file.count % 8) % 8)
    let headers = file.count
    file += [UInt8](repeating: 0, count: 64)
    for (index, section) in sections.enumerated() {
      let piece = section.piece
      file += le(nameOffsets[index]) + le(piece.kind) + le(piece.flags) + le(piece.address)
      file += le(UInt64(section.offset)) + le(UInt64(piece.bytes.count)) + le(section.link)
      file += le(UInt32(0)) + le(piece.alignment) + le(section.entryByteCount)
    }
    file.replaceSubrange(0..<64, with: header(sectionHeaders: headers, count: sections.count + 1))
    let table2 = segments.flatMap { programHeader($0, offset: sections[$0.piece].offset) }
    file.replaceSubrange(64..<(64 + table2.count), with: table2)
    return file
  }

  private func header(sectionHeaders: Int, count: Int) -> [UInt8] {
    [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0] + [UInt8](repeating: 0, count: 8)
      + le(UInt16(2)) + le(machine) + le(UInt32(1)) + le(entry) + le(UInt64(64))
      + le(UInt64(sectionHeaders)) + le(UInt32(0)) + le(UInt16(64)) + le(UInt16(56))
      + le(UInt16(segments.count)) + le(UInt16(64)) + le(UInt16(count)) + le(UInt16(count - 1))
  }

  private func programHeader(_ segment: Segment, offset: Int) -> [UInt8] {
    let piece = pieces[segment.piece]
    let byteCount = UInt64(piece.bytes.count)
    return le(segment.kind) + le(segment.permissions) + le(UInt64(offset)) + le(piece.address)
      + le(segment.physicalAddress) + le(byteCount) + le(byteCount + segment.extraByteCount)
      + le(UInt64(segment.kind == 4 ? 4 : 4096))
  }

  private var symbolTable: (table: Piece, names: Piece) {
    var names: [UInt8] = [0]
    var table = [UInt8](repeating: 0, count: 24)
    for symbol in symbols {
      // Global function of section 1.
      table += le(UInt32(names.count)) + [0x12, 0] + le(UInt16(1)) + le(symbol.address)
      table += le(symbol.byteCount)
      names += Array(symbol.name.utf8) + [0]
    }
    return (
      Piece(name: ".symtab", kind: 2, flags: 0, alignment: 8, bytes: table),
      Piece(name: ".strtab", kind: 3, flags: 0, alignment: 1, bytes: names)
    )
  }
}

/// `value` with its least significant byte first.
package func le<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
  (0..<(Value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}
