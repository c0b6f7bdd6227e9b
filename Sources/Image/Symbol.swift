/// A function or object of an ELF symbol table.
package struct Symbol: Sendable, Equatable {
  /// As in the file, mangled.
  package let name: String
  package let address: UInt64
  /// Zero if the assembler did not say.
  package let byteCount: UInt64

  /// sizeof(Elf64_Sym).
  static let byteCount = 24
}

extension ELF {
  /// Named functions, objects and labels with an address, in file order. A malformed table has none.
  package var symbols: [Symbol] {
    guard let table = sections.first(where: { $0.kind == Section.symbolTable }),
      sections.indices.contains(Int(table.link))
    else { return [] }
    let names = sections[Int(table.link)].contents
    return stride(from: 0, to: table.contents.count - 23, by: Symbol.byteCount)
      .compactMap { Self.symbol(at: $0, in: table.contents, names: names) }
  }

  /// Elf64_Sym: st_name, st_info, st_other, st_shndx, st_value, st_size.
  private static func symbol(at offset: Int, in table: [UInt8], names: [UInt8]) -> Symbol? {
    let kind = table[offset + 4] & 0xF
    // STT_NOTYPE, STT_OBJECT and STT_FUNC; sections and files name no address.
    guard kind <= 2, let nameOffset = table.littleEndian(at: offset, as: UInt32.self),
      let section = table.littleEndian(at: offset + 6, as: UInt16.self), section != 0,
      let address = table.littleEndian(at: offset + 8, as: UInt64.self),
      let byteCount = table.littleEndian(at: offset + 16, as: UInt64.self)
    else { return nil }
    let name = names.dropFirst(Int(nameOffset)).prefix { $0 != 0 }
    guard !name.isEmpty else { return nil }
    return Symbol(
      name: String(decoding: name, as: UTF8.self), address: address, byteCount: byteCount)
  }
}
