extension ELF {
  /// Bytes of an ELF64 file header; the program headers follow it.
  static let headerByteCount: UInt64 = 64
  static let programHeaderByteCount: UInt64 = 56

  var programHeaderEnd: UInt64 {
    Self.headerByteCount + Self.programHeaderByteCount * UInt64(segments.count)
  }

  /// Where the last section's bytes end in the file.
  var contentsEnd: UInt64 {
    sections.dropFirst().filter { $0.kind != Section.noBits }
      .map { $0.fileOffset + $0.byteCount }.max() ?? programHeaderEnd
  }

  var sectionHeaderOffset: UInt64 { (contentsEnd + 7) & ~7 }

  /// Drops what neither the guest nor a backtrace needs (debug information, compiler comments) and
  /// puts the remaining unallocated sections right behind the allocated ones.
  mutating func strip() {
    let kept = sections.indices.filter { index in
      index == 0 || index == nameSectionIndex || sections[index].isAllocated
        || [".symtab", ".strtab"].contains(sections[index].name)
    }
    var newIndices: [Int: Int] = [:]
    for (new, old) in kept.enumerated() { newIndices[old] = new }
    sections = kept.map { sections[$0] }
    nameSectionIndex = newIndices[nameSectionIndex] ?? 0
    for index in sections.indices {
      sections[index].link = UInt32(newIndices[Int(sections[index].link)] ?? 0)
      if sections[index].kind == Section.symbolTable {
        Self.renumberSymbols(&sections[index], newIndices)
      }
    }
    placeUnallocated()
  }

  /// Puts the new section `index` behind the other allocated ones.
  mutating func placeAllocated(_ index: Int) {
    let end =
      sections.indices.filter {
        $0 != index && sections[$0].isAllocated && sections[$0].kind != Section.noBits
      }.map { sections[$0].fileOffset + sections[$0].byteCount }.max() ?? programHeaderEnd
    let alignment = sections[index].alignment
    sections[index].fileOffset = (end + alignment - 1) / alignment * alignment
  }

  /// Gives sections that are not part of memory their place in the file, in index order.
  mutating func placeUnallocated() {
    let table = nameTable.bytes
    sections[nameSectionIndex].contents = table
    sections[nameSectionIndex].byteCount = UInt64(table.count)
    var offset =
      sections.filter { $0.isAllocated && $0.kind != Section.noBits }
      .map { $0.fileOffset + $0.byteCount }.max() ?? programHeaderEnd
    for index in sections.indices.dropFirst() where !sections[index].isAllocated {
      let alignment = max(sections[index].alignment, 1)
      offset = (offset + alignment - 1) / alignment * alignment
      sections[index].fileOffset = offset
      offset += sections[index].byteCount
    }
  }

  /// The contents of the name section and each section's offset in it.
  var nameTable: (bytes: [UInt8], offsets: [UInt32]) {
    var bytes: [UInt8] = [0]
    var offsets: [UInt32] = []
    for section in sections {
      guard !section.name.isEmpty else {
        offsets.append(0)
        continue
      }
      offsets.append(UInt32(bytes.count))
      bytes += Array(section.name.utf8) + [0]
    }
    return (bytes, offsets)
  }

  /// st_shndx (bytes 6 and 7 of each 24-byte symbol) follows its section; symbols of dropped
  /// sections become absolute. Reserved indices (0xFF00 and up) stay.
  private static func renumberSymbols(_ table: inout Section, _ newIndices: [Int: Int]) {
    let absolute: UInt16 = 0xFFF1
    for offset in stride(from: 0, to: table.contents.count - 23, by: Symbol.byteCount) {
      guard let old = table.contents.littleEndian(at: offset + 6, as: UInt16.self),
        old < 0xFF00
      else { continue }
      let new = newIndices[Int(old)].map { UInt16($0) } ?? absolute
      table.contents.store(littleEndian: new, at: offset + 6)
    }
  }
}
