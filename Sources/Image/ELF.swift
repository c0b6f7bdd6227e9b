/// An ELF64 file as values: what libelf found in it, and the bytes of its sections.
package struct ELF: Sendable {
  package var entry: UInt64
  package var segments: [Segment]
  /// In file order, the empty section 0 included, so that indices are those of the file.
  package var sections: [Section]
  /// Index of the section that holds the sections' names.
  package var nameSectionIndex: Int

  /// One program header.
  package struct Segment: Sendable, Equatable {
    package var kind: UInt32
    package var permissions: Permissions
    /// Bytes from the start of the file.
    package var fileOffset: UInt64
    package var virtualAddress: UInt64
    package var physicalAddress: UInt64
    package var fileByteCount: UInt64
    package var memoryByteCount: UInt64
    package var alignment: UInt64
  }

  /// p_flags.
  package struct Permissions: OptionSet, Sendable, Hashable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    package static let execute = Permissions(rawValue: 1)
    package static let write = Permissions(rawValue: 2)
    package static let read = Permissions(rawValue: 4)
  }

  /// One section header and, except for `SHT_NOBITS`, its bytes.
  package struct Section: Sendable {
    package var name: String
    package var kind: UInt32
    package var flags: UInt64 = 0
    package var address: UInt64 = 0
    package var fileOffset: UInt64 = 0
    package var byteCount: UInt64 = 0
    package var link: UInt32 = 0
    package var info: UInt32 = 0
    package var alignment: UInt64 = 1
    package var entryByteCount: UInt64 = 0
    package var contents: [UInt8] = []
  }

  package func section(named name: String) -> Section? {
    sections.first { $0.name == name }
  }

  /// Segments with bytes to be placed in memory.
  package var loadedSegments: [Segment] {
    segments.filter { $0.kind == Segment.load && $0.memoryByteCount > 0 }
  }
}

extension ELF.Segment {
  /// PT_LOAD.
  package static let load: UInt32 = 1
  /// PT_NOTE.
  package static let note: UInt32 = 4

  var fileEnd: UInt64? { Self.end(fileOffset, fileByteCount) }
  var virtualEnd: UInt64? { Self.end(virtualAddress, memoryByteCount) }
  var physicalEnd: UInt64? { Self.end(physicalAddress, memoryByteCount) }

  private static func end(_ start: UInt64, _ byteCount: UInt64) -> UInt64? {
    let (sum, overflow) = start.addingReportingOverflow(byteCount)
    return overflow ? nil : sum
  }
}

extension ELF.Section {
  /// SHT_PROGBITS.
  static let programBits: UInt32 = 1
  /// SHT_SYMTAB.
  static let symbolTable: UInt32 = 2
  /// SHT_NOTE.
  static let note: UInt32 = 7
  /// SHT_NOBITS: occupies memory only.
  static let noBits: UInt32 = 8
  /// SHF_ALLOC: part of the memory image.
  static let allocated: UInt64 = 2

  var isAllocated: Bool { flags & Self.allocated != 0 }
}
