import CIXABI

/// Makes one bootable file of a kernel, an application and a description.
package enum ImageComposer {
  /// Section and segment that hold the application's ELF file.
  static let applicationSection = ".ix.application"
  static let noteSection = ".note.ix"
  /// The kernel maps the first 2 GiB of physical memory here.
  static let kernelBase: UInt64 = 0xFFFF_FFFF_8000_0000
  /// The application starts on a large page of its own.
  private static let applicationAlignment: UInt64 = 2 << 20
  private static let pageByteCount: UInt64 = 4096

  /// The bytes of the image. `kernel` and `application` are ELF files; names are used in errors.
  package static func compose(
    kernel: (name: String, bytes: [UInt8]), application: (name: String, bytes: [UInt8]),
    description: ImageDescription
  ) throws(ImageError) -> [UInt8] {
    var image = try ELF(parsing: kernel.bytes, named: kernel.name)
    try image.checkSegments(fileByteCount: kernel.bytes.count, named: kernel.name)
    try checkEntryNote(of: image, in: kernel.bytes, named: kernel.name)
    let contents = try stripped(application: application.bytes, named: application.name)
    image.segments.removeAll { $0.kind == 0 }  // PT_NULL: room that the linker script left
    let address = try applicationAddress(in: image, named: kernel.name)
    try patchDescriptor(
      of: &image, named: kernel.name,
      ApplicationDescriptor(physicalAddress: address, application: contents))
    image.strip()
    append(contents, at: address, and: notes(for: description), to: &image)
    let firstOffset =
      image.sections.dropFirst().filter { $0.byteCount > 0 && $0.kind != ELF.Section.noBits }
      .map(\.fileOffset).min() ?? 0
    guard image.programHeaderEnd <= firstOffset else {
      throw ImageError(
        .unusable, kernel.name, "there is no room for two more program headers")
    }
    return try sealed(try image.written(named: description.defaults.name))
  }

  private static func checkEntryNote(
    of kernel: ELF, in bytes: [UInt8], named name: String
  ) throws(ImageError) {
    let notes = kernel.notes(in: bytes)
    guard notes.contains(where: { $0.owner == "Xen" && $0.kind == Note.pvhEntry }) else {
      throw ImageError(.unusable, name, "the kernel has no PVH entry note")
    }
  }

  private static func stripped(
    application bytes: [UInt8], named name: String
  ) throws(ImageError) -> [UInt8] {
    var application = try ELF(parsing: bytes, named: name)
    try application.checkApplication(fileByteCount: bytes.count, named: name)
    application.strip()
    return try application.written(named: name)
  }

  /// The first large page behind the kernel.
  private static func applicationAddress(
    in kernel: ELF, named name: String
  ) throws(ImageError) -> UInt64 {
    guard let end = kernel.loadedSegments.compactMap(\.physicalEnd).max(),
      let address = end.roundedUp(to: applicationAlignment), address < 1 << 31
    else { throw ImageError(.unusable, name, "the kernel does not fit in 2 GiB") }
    return address
  }

  private static func patchDescriptor(
    of image: inout ELF, named name: String, _ descriptor: ApplicationDescriptor
  ) throws(ImageError) {
    let index = image.sections.firstIndex { $0.name == ApplicationDescriptor.sectionName }
    guard let index, image.sections[index].contents.count == ApplicationDescriptor.byteCount else {
      throw ImageError(
        .unusable, name,
        "the kernel has no \(ApplicationDescriptor.byteCount)-byte section "
          + ApplicationDescriptor.sectionName)
    }
    if let stated = ApplicationDescriptor(decoding: image.sections[index].contents),
      stated.abiVersion != UInt32(IX_ABI_VERSION)
    {
      throw ImageError(
        .otherABI, name, "the kernel has ABI \(stated.abiVersion), not \(IX_ABI_VERSION)")
    }
    image.sections[index].contents = descriptor.encoded
  }

  private static func notes(for description: ImageDescription) -> [UInt8] {
    var text: [UInt8] = []
    text.append(littleEndian: UInt32(IX_ABI_VERSION))
    text += description.encoded()
    let checksum = Note(owner: Note.ixOwner, kind: Note.checksum, descriptor: [0, 0, 0, 0])
    return Note(owner: Note.ixOwner, kind: Note.description, descriptor: text).encoded
      + checksum.encoded
  }

  /// Adds sections and segments: both go behind the allocated sections, so that the application
  /// starts on a page of the file.
  private static func append(
    _ application: [UInt8], at address: UInt64, and notes: [UInt8], to image: inout ELF
  ) {
    image.sections.append(
      ELF.Section(
        name: applicationSection, kind: ELF.Section.programBits, flags: ELF.Section.allocated,
        address: kernelBase + address, byteCount: UInt64(application.count),
        alignment: pageByteCount, contents: application))
    image.sections.append(
      ELF.Section(
        name: noteSection, kind: ELF.Section.note, byteCount: UInt64(notes.count), alignment: 4,
        contents: notes))
    let index = image.sections.count - 2
    image.placeAllocated(index)
    image.placeUnallocated()
    image.segments.append(
      ELF.Segment(
        kind: ELF.Segment.load, permissions: .read, fileOffset: image.sections[index].fileOffset,
        virtualAddress: kernelBase + address, physicalAddress: address,
        fileByteCount: UInt64(application.count), memoryByteCount: UInt64(application.count),
        alignment: pageByteCount))
    image.segments.append(
      ELF.Segment(
        kind: ELF.Segment.note, permissions: .read,
        fileOffset: image.sections[index + 1].fileOffset, virtualAddress: 0, physicalAddress: 0,
        fileByteCount: UInt64(notes.count), memoryByteCount: UInt64(notes.count), alignment: 4))
  }

  /// Writes the checksum of the whole file into its note, which is zero so far.
  private static func sealed(_ bytes: [UInt8]) throws(ImageError) -> [UInt8] {
    var bytes = bytes
    let image = try ELF(parsing: bytes, named: "image")
    guard let note = image.notes(in: bytes).first(where: \.isChecksum) else {
      throw ImageError(.unusable, "image", "its checksum note was lost")
    }
    bytes.store(littleEndian: CRC32.of(bytes), at: note.descriptorOffset)
    return bytes
  }
}
