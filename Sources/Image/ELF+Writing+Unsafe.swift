import CLibELF
import Glibc

extension ELF {
  /// The file these values describe. Sections must have been placed; the section header table comes
  /// last. `name` is used in errors only.
  package func written(named name: String) throws(ImageError) -> [UInt8] {
    let descriptor = ix_memory_file()
    guard descriptor >= 0 else { throw Self.failure("memfd_create", name) }
    defer { close(descriptor) }
    try write(to: descriptor, named: name)
    return try Self.contents(of: descriptor, named: name)
  }

  private func write(to descriptor: Int32, named name: String) throws(ImageError) {
    elf_version(UInt32(EV_CURRENT))
    // SAFETY: the descriptor is open until the handle has been ended.
    guard let handle = unsafe elf_begin(descriptor, ELF_C_WRITE, nil) else {
      throw Self.libraryFailure(name)
    }
    // SAFETY: `handle` was opened above and is ended exactly once.
    defer { unsafe elf_end(handle) }
    let storage = SectionStorage(sections.map(\.contents))
    // SAFETY: `storage` keeps every section's bytes alive until the file has been written.
    let succeeded = unsafe writeHeaders(to: handle) && writeSections(to: handle, from: storage)
    // SAFETY: as above.
    guard succeeded, unsafe elf_update(handle, ELF_C_WRITE) >= 0 else {
      throw Self.libraryFailure(name)
    }
    withExtendedLifetime(storage) {}
  }

  private func writeHeaders(to handle: OpaquePointer) -> Bool {
    // SAFETY: `handle` is open for writing; headers are copied by libelf.
    guard unsafe gelf_newehdr(handle, Int32(ELFCLASS64)) != nil,
      unsafe gelf_newphdr(handle, segments.count) != nil
    else { return false }
    _ = unsafe elf_flagelf(handle, ELF_C_SET, UInt32(ELF_F_LAYOUT))
    var header = GElf_Ehdr()
    // SAFETY: as above.
    guard unsafe gelf_getehdr(handle, &header) != nil else { return false }
    header.e_ident.5 = UInt8(ELFDATA2LSB)
    header.e_type = UInt16(ET_EXEC)
    header.e_machine = UInt16(EM_X86_64)
    header.e_version = UInt32(EV_CURRENT)
    header.e_entry = entry
    header.e_phoff = Self.headerByteCount
    header.e_shoff = sectionHeaderOffset
    header.e_shstrndx = UInt16(truncatingIfNeeded: nameSectionIndex)
    // SAFETY: as above.
    guard unsafe gelf_update_ehdr(handle, &header) != 0 else { return false }
    for (index, segment) in segments.enumerated() {
      var header = segment.header
      // SAFETY: as above.
      guard unsafe gelf_update_phdr(handle, Int32(truncatingIfNeeded: index), &header) != 0
      else { return false }
    }
    return true
  }

  private func writeSections(to handle: OpaquePointer, from storage: SectionStorage) -> Bool {
    let nameOffsets = nameTable.offsets
    for index in sections.indices.dropFirst() {
      let section = sections[index]
      // SAFETY: `handle` is open for writing; section and data handles live as long as it does.
      guard let new = unsafe elf_newscn(handle), let data = unsafe elf_newdata(new)
      else { return false }
      unsafe data.pointee.d_buf = storage.pieces[index].baseAddress
      unsafe data.pointee.d_size = Int(section.byteCount)
      unsafe data.pointee.d_align = 1
      unsafe data.pointee.d_type = ELF_T_BYTE
      unsafe data.pointee.d_version = UInt32(EV_CURRENT)
      var header = section.header
      header.sh_name = nameOffsets[index]
      // SAFETY: as above; the header is copied.
      guard unsafe gelf_update_shdr(new, &header) != 0 else { return false }
    }
    return true
  }

  private static func contents(
    of descriptor: Int32, named name: String
  ) throws(ImageError) -> [UInt8] {
    let byteCount = lseek(descriptor, 0, SEEK_END)
    guard byteCount >= 0 else { throw failure("lseek", name) }
    var readCount = 0
    // SAFETY: `pread` writes at most the remaining capacity, and only what it wrote is counted.
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
      while readCount < byteCount {
        let rest = unsafe UnsafeMutableBufferPointer(rebasing: buffer[readCount...])
        let step = unsafe pread(descriptor, rest.baseAddress, rest.count, readCount)
        guard step > 0 else { break }
        readCount += step
      }
      count = readCount
    }
    guard bytes.count == byteCount else { throw failure("pread", name) }
    return bytes
  }

  private static func failure(_ call: String, _ name: String) -> ImageError {
    // SAFETY: `strerror` returns a terminated string, which is copied at once.
    let reason = unsafe String(cString: strerror(errno))
    return ImageError(.unreadable, name, "\(call) failed: \(reason)", remedy: "free some memory")
  }

  private static func libraryFailure(_ name: String) -> ImageError {
    // SAFETY: `elf_errmsg(-1)` describes the last error in a constant string.
    let reason = unsafe elf_errmsg(-1).map { unsafe String(cString: $0) } ?? "unknown error"
    return ImageError(.unusable, name, "libelf cannot write it: \(reason)")
  }
}

/// Copies of the sections' bytes at addresses that stay put while libelf refers to them.
@safe private final class SectionStorage {
  let pieces: [UnsafeMutableRawBufferPointer]

  init(_ contents: [[UInt8]]) {
    unsafe pieces = contents.map { bytes in
      let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
      // SAFETY: `piece` has exactly `bytes.count` bytes.
      unsafe piece.copyBytes(from: bytes)
      return unsafe piece
    }
  }

  deinit {
    // SAFETY: each piece was allocated above and is freed once.
    for index in unsafe pieces.indices { unsafe pieces[index].deallocate() }
  }
}

extension ELF.Segment {
  fileprivate var header: GElf_Phdr {
    GElf_Phdr(
      p_type: kind, p_flags: permissions.rawValue, p_offset: fileOffset, p_vaddr: virtualAddress,
      p_paddr: physicalAddress, p_filesz: fileByteCount, p_memsz: memoryByteCount,
      p_align: alignment)
  }
}

extension ELF.Section {
  fileprivate var header: GElf_Shdr {
    GElf_Shdr(
      sh_name: 0, sh_type: kind, sh_flags: flags, sh_addr: address, sh_offset: fileOffset,
      sh_size: byteCount, sh_link: link, sh_info: info, sh_addralign: alignment,
      sh_entsize: entryByteCount)
  }
}
