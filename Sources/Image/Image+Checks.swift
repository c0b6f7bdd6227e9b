import CIXABI

extension Image {
  /// Every byte of the file counts: one flipped bit anywhere changes a CRC-32.
  static func checkSeal(
    of bytes: [UInt8], _ notes: [Note], named name: String
  ) throws(ImageError) {
    guard notes.contains(where: { $0.owner == Note.ixOwner }) else {
      throw ImageError(.foreign, name, "it has no IX note")
    }
    let seals = notes.filter(\.isChecksum)
    guard seals.count == 1, let seal = seals.first,
      let stated = seal.descriptor.littleEndian(at: 0, as: UInt32.self)
    else { throw ImageError(.damaged, name, "its checksum note is missing") }
    var checksum = CRC32()
    checksum.update(bytes[..<seal.descriptorOffset])
    checksum.update([0, 0, 0, 0])
    checksum.update(bytes[(seal.descriptorOffset + 4)...])
    guard checksum.value == stated else {
      throw ImageError(.damaged, name, "its checksum does not match its contents")
    }
  }

  static func description(
    in notes: [Note], named name: String
  ) throws(ImageError) -> (UInt32, ImageDescription) {
    guard let note = notes.first(where: \.isDescription),
      let version = note.descriptor.littleEndian(at: 0, as: UInt32.self)
    else { throw ImageError(.damaged, name, "its description is missing") }
    guard version == UInt32(IX_ABI_VERSION) else {
      let age = version > UInt32(IX_ABI_VERSION) ? "newer" : "older"
      throw ImageError(
        .otherABI, name, "it has ABI \(version), which is \(age) than ABI \(IX_ABI_VERSION) here")
    }
    guard let description = ImageDescription(decoding: Array(note.descriptor.dropFirst(4))) else {
      throw ImageError(.damaged, name, "its description is not valid")
    }
    return (version, description)
  }

  /// The PVH entry point, which must be the physical address of executable bytes.
  static func pvhEntry(
    in notes: [Note], of file: ELF, named name: String
  ) throws(ImageError) -> UInt32 {
    guard let note = notes.first(where: { $0.owner == "Xen" && $0.kind == Note.pvhEntry }),
      let entry = note.descriptor.littleEndian(at: 0, as: UInt32.self)
    else { throw ImageError(.foreign, name, "it has no PVH entry note") }
    let isExecutable = file.loadedSegments.contains {
      $0.permissions.contains(.execute) && $0.physicalAddress <= entry
        && UInt64(entry) < ($0.physicalEnd ?? 0)
    }
    guard isExecutable else {
      throw ImageError(.damaged, name, "its PVH entry is in no executable segment")
    }
    return entry
  }

  /// The application's ELF file and the content, which the kernel's descriptor must describe
  /// exactly.
  static func parts(
    of file: ELF, named name: String
  ) throws(ImageError) -> (application: [UInt8], content: [UInt8]) {
    guard let application = file.section(named: ImageComposer.applicationSection),
      let stated = file.section(named: ApplicationDescriptor.sectionName),
      let descriptor = ApplicationDescriptor(decoding: stated.contents)
    else { throw ImageError(.damaged, name, "it contains no application") }
    let content = file.section(named: ImageComposer.contentSection)
    let expected = ApplicationDescriptor(
      Placed(physicalAddress: descriptor.physicalAddress, bytes: application.contents),
      content: Placed(
        physicalAddress: descriptor.contentAddress, bytes: content?.contents ?? []))
    guard descriptor == expected else {
      throw ImageError(.damaged, name, "the kernel is not told where its application is")
    }
    guard file.loads(application, at: descriptor.physicalAddress),
      content.map({ file.loads($0, at: descriptor.contentAddress) }) ?? true
    else { throw ImageError(.damaged, name, "its application or content is not loaded") }
    return (application.contents, content?.contents ?? [])
  }
}

extension ELF {
  /// Whether a read-only segment puts exactly the bytes of `section` at `physicalAddress`.
  fileprivate func loads(_ section: Section, at physicalAddress: UInt64) -> Bool {
    loadedSegments.contains {
      $0.fileOffset == section.fileOffset && $0.fileByteCount == section.byteCount
        && $0.physicalAddress == physicalAddress && $0.permissions == .read
    }
  }
}
