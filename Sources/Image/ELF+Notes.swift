extension ELF {
  /// The notes of all note segments, with descriptor offsets counted from the start of the file.
  func notes(in bytes: [UInt8]) -> [Note] {
    var found: [Note] = []
    for segment in segments where segment.kind == Segment.note {
      guard let end = segment.fileEnd, end <= UInt64(bytes.count) else { continue }
      let start = Int(segment.fileOffset)
      for var note in Note.notes(in: bytes[start..<Int(end)]) {
        note.descriptorOffset += start
        found.append(note)
      }
    }
    return found
  }
}

extension Note {
  var isChecksum: Bool {
    owner == Self.ixOwner && kind == Self.checksum && descriptor.count == 4
  }
  var isDescription: Bool {
    owner == Self.ixOwner && kind == Self.description && descriptor.count > 4
  }
}
