/// One ELF note (gABI, "Note Section"): owner, type and descriptor, padded to 4 bytes.
struct Note: Equatable {
  var owner: String
  var kind: UInt32
  /// Bytes from the start of the notes to the descriptor.
  var descriptorOffset = 0
  var descriptor: [UInt8]

  /// Owner of the notes that this module writes.
  static let ixOwner = "IX"
  /// ABI version (u32) and a JSON `ImageDescription`.
  static let description: UInt32 = 1
  /// CRC-32 (u32) of the whole file with these four bytes as zeros.
  static let checksum: UInt32 = 2
  /// XEN_ELFNOTE_PHYS32_ENTRY: the 32-bit entry point that PVH loaders look for.
  static let pvhEntry: UInt32 = 18

  init(owner: String, kind: UInt32, descriptor: [UInt8]) {
    self.owner = owner
    self.kind = kind
    self.descriptor = descriptor
  }
}

extension Note {
  var encoded: [UInt8] {
    let name = Array(owner.utf8) + [0]
    var bytes: [UInt8] = []
    bytes.append(littleEndian: UInt32(name.count))
    bytes.append(littleEndian: UInt32(descriptor.count))
    bytes.append(littleEndian: kind)
    bytes += name
    bytes.pad(to: 4)
    bytes += descriptor
    bytes.pad(to: 4)
    return bytes
  }

  /// All notes of a segment or section, up to the first one that is not whole.
  static func notes(in bytes: some Collection<UInt8>) -> [Note] {
    let bytes = Array(bytes)
    var notes: [Note] = []
    var offset = 0
    while let note = Note(in: bytes, at: &offset) { notes.append(note) }
    return notes
  }

  private init?(in bytes: [UInt8], at offset: inout Int) {
    guard let nameByteCount = bytes.littleEndian(at: offset, as: UInt32.self),
      let byteCount = bytes.littleEndian(at: offset + 4, as: UInt32.self),
      let kind = bytes.littleEndian(at: offset + 8, as: UInt32.self)
    else { return nil }
    let name = offset + 12
    let start = name + (Int(nameByteCount) + 3) / 4 * 4
    let end = start + Int(byteCount)
    guard nameByteCount > 0, end <= bytes.count else { return nil }
    self.init(
      owner: String(decoding: bytes[name..<(name + Int(nameByteCount) - 1)], as: UTF8.self),
      kind: kind, descriptor: Array(bytes[start..<end]))
    descriptorOffset = start
    offset = (end + 3) / 4 * 4
  }
}
