import CIXABI

/// Makes one bootable file of a kernel, an application and a description.
package enum ImageComposer {
  /// Section and segment that hold the application's ELF file.
  static let applicationSection = ".ix.application"
  /// Section and segment that hold the content, if there is any.
  static let contentSection = ".ix.content"
  static let noteSection = ".note.ix"
  /// The kernel maps the first 2 GiB of physical memory here.
  static let kernelBase: UInt64 = 0xFFFF_FFFF_8000_0000
  /// Application and content start on large pages of their own.
  private static let largePageByteCount: UInt64 = 2 << 20
  /// Where the kernel reads all of physical memory, also beyond the reach of `kernelBase`.
  private static let directMap: UInt64 = 0xFFFF_8000_0000_0000
  /// Monitors leave a hole for devices from here on.
  private static let physicalLimit: UInt64 = 1 << 31
  private static let pageByteCount: UInt64 = 4096

  /// The bytes of the image. `kernel` and `application` are ELF files, `content` is what the
  /// application finds in its memory as it is; names are used in errors.
  package static func compose(
    kernel: (name: String, bytes: [UInt8]), application: (name: String, bytes: [UInt8]),
    content: [UInt8] = [], description: ImageDescription
  ) throws(ImageError) -> [UInt8] {
    var image = try ELF(parsing: kernel.bytes, named: kernel.name)
    try image.checkSegments(fileByteCount: kernel.bytes.count, named: kernel.name)
    try checkEntryNote(of: image, in: kernel.bytes, named: kernel.name)
    let contents = try stripped(application: application.bytes, named: application.name)
    image.segments.removeAll { $0.kind == 0 }  // PT_NULL: room that the linker script left
    let (placed, content) = try place(contents, content, behind: image, named: kernel.name)
    try patchDescriptor(
      of: &image, named: kernel.name, ApplicationDescriptor(placed, content: content))
    image.strip()
    append(placed, in: applicationSection, at: kernelBase, to: &image)
    if !content.bytes.isEmpty { append(content, in: contentSection, at: directMap, to: &image) }
    append(notes: notes(for: description), to: &image)
    try checkRoom(in: image, named: kernel.name)
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

  /// The first large page behind the kernel is the application's, the first behind that the
  /// content's.
  private static func place(
    _ application: [UInt8], _ content: [UInt8], behind kernel: ELF, named name: String
  ) throws(ImageError) -> (application: Placed, content: Placed) {
    guard let end = kernel.loadedSegments.compactMap(\.physicalEnd).max(),
      let address = end.roundedUp(to: largePageByteCount), address < physicalLimit,
      let contentAddress = (address + UInt64(application.count)).roundedUp(to: largePageByteCount),
      contentAddress + UInt64(content.count) <= physicalLimit
    else {
      throw ImageError(
        .unusable, name, "kernel, application and content do not fit in 2 GiB",
        remedy: "make the content smaller")
    }
    return (
      Placed(physicalAddress: address, bytes: application),
      Placed(physicalAddress: contentAddress, bytes: content)
    )
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

  /// Adds a section behind the allocated ones, so that it starts on a page of the file, and the
  /// segment that loads it. The rest of its last page is zero.
  private static func append(
    _ placed: Placed, in name: String, at base: UInt64, to image: inout ELF
  ) {
    let byteCount = UInt64(placed.bytes.count)
    image.sections.append(
      ELF.Section(
        name: name, kind: ELF.Section.programBits, flags: ELF.Section.allocated,
        address: base + placed.physicalAddress, byteCount: byteCount,
        alignment: pageByteCount, contents: placed.bytes))
    let index = image.sections.count - 1
    image.placeAllocated(index)
    image.segments.append(
      ELF.Segment(
        kind: ELF.Segment.load, permissions: .read, fileOffset: image.sections[index].fileOffset,
        virtualAddress: base + placed.physicalAddress, physicalAddress: placed.physicalAddress,
        fileByteCount: byteCount,
        memoryByteCount: (byteCount + pageByteCount - 1) & ~(pageByteCount - 1),
        alignment: pageByteCount))
  }

  /// Adds the notes and their segment; all other sections have been added.
  private static func append(notes: [UInt8], to image: inout ELF) {
    let byteCount = UInt64(notes.count)
    image.sections.append(
      ELF.Section(
        name: noteSection, kind: ELF.Section.note, byteCount: byteCount, alignment: 4,
        contents: notes))
    image.placeUnallocated()
    image.segments.append(
      ELF.Segment(
        kind: ELF.Segment.note, permissions: .read,
        fileOffset: image.sections[image.sections.count - 1].fileOffset, virtualAddress: 0,
        physicalAddress: 0, fileByteCount: byteCount, memoryByteCount: byteCount, alignment: 4))
  }

  /// Program headers lie in front of everything else.
  private static func checkRoom(in image: ELF, named name: String) throws(ImageError) {
    let firstOffset =
      image.sections.dropFirst().filter { $0.byteCount > 0 && $0.kind != ELF.Section.noBits }
      .map(\.fileOffset).min() ?? 0
    guard image.programHeaderEnd <= firstOffset else {
      throw ImageError(.unusable, name, "there is no room for more program headers")
    }
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
