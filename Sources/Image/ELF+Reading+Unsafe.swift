import CLibELF

extension ELF {
  /// Reads an x86-64 ELF executable. `name` is used in errors only.
  package init(parsing bytes: [UInt8], named name: String) throws(ImageError) {
    guard bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else {
      throw ImageError(.foreign, name, "this is not an ELF file")
    }
    elf_version(UInt32(EV_CURRENT))
    var copy = bytes
    // SAFETY: the memory outlives the handle, which is ended before the closure returns; libelf
    // checks every offset of the file against the byte count given here.
    let result = unsafe copy.withUnsafeMutableBytes { buffer -> Result<ELF, ImageError> in
      let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
      guard let handle = unsafe elf_memory(start, buffer.count) else {
        return .failure(ImageError(.damaged, name, "its ELF header is incomplete"))
      }
      defer { unsafe elf_end(handle) }
      do throws(ImageError) {
        return .success(try unsafe ELF(handle: handle, named: name))
      } catch {
        return .failure(error)
      }
    }
    self = try result.get()
  }

  private init(handle: OpaquePointer, named name: String) throws(ImageError) {
    var header = GElf_Ehdr()
    // SAFETY: `handle` is open, and the header is written only if it is complete.
    guard unsafe elf_kind(handle) == ELF_K_ELF, unsafe gelf_getehdr(handle, &header) != nil else {
      throw ImageError(.damaged, name, "its ELF header is incomplete")
    }
    // SAFETY: as above.
    guard unsafe gelf_getclass(handle) == ELFCLASS64, header.e_machine == EM_X86_64,
      header.e_type == ET_EXEC || header.e_type == ET_DYN
    else { throw ImageError(.foreign, name, "it is not a 64-bit x86 ELF executable") }
    // SAFETY: `handle` is open in both.
    segments = try unsafe Self.segments(of: handle, named: name)
    sections = try unsafe Self.sections(of: handle, named: name)
    entry = header.e_entry
    nameSectionIndex = Int(header.e_shstrndx)
  }

  private static func segments(
    of handle: OpaquePointer, named name: String
  ) throws(ImageError) -> [Segment] {
    var count = 0
    var segments: [Segment] = []
    // SAFETY: `handle` is open; the output parameters are local.
    guard unsafe elf_getphdrnum(handle, &count) == 0 else {
      throw ImageError(.damaged, name, "its program headers are incomplete")
    }
    for index in 0..<count {
      var header = GElf_Phdr()
      // SAFETY: as above.
      guard unsafe gelf_getphdr(handle, Int32(truncatingIfNeeded: index), &header) != nil else {
        throw ImageError(.damaged, name, "its program headers are incomplete")
      }
      segments.append(
        Segment(
          kind: header.p_type, permissions: Permissions(rawValue: header.p_flags),
          fileOffset: header.p_offset, virtualAddress: header.p_vaddr,
          physicalAddress: header.p_paddr, fileByteCount: header.p_filesz,
          memoryByteCount: header.p_memsz, alignment: header.p_align))
    }
    return segments
  }

  private static func sections(
    of handle: OpaquePointer, named name: String
  ) throws(ImageError) -> [Section] {
    var count = 0
    var nameIndex = 0
    // SAFETY: `handle` is open; the output parameters are local.
    guard unsafe elf_getshdrnum(handle, &count) == 0, count > 0,
      unsafe elf_getshdrstrndx(handle, &nameIndex) == 0
    else { throw ImageError(.damaged, name, "its section headers are incomplete") }
    var sections: [Section] = []
    for index in 0..<count {
      // SAFETY: as above; a section handle lives as long as its file's handle.
      guard let section = unsafe elf_getscn(handle, index),
        let read = unsafe Section(section, of: handle, namesAt: nameIndex)
      else { throw ImageError(.damaged, name, "section \(index) is incomplete") }
      sections.append(read)
    }
    return sections
  }
}

extension ELF.Section {
  /// Nil if the header, name or contents are not wholly inside the file.
  fileprivate init?(_ section: OpaquePointer, of handle: OpaquePointer, namesAt nameIndex: Int) {
    var header = GElf_Shdr()
    // SAFETY: `section` belongs to the open `handle`; the name is a terminated string in its memory.
    guard unsafe gelf_getshdr(section, &header) != nil,
      let text = unsafe elf_strptr(handle, nameIndex, Int(header.sh_name))
    else { return nil }
    // SAFETY: as above; the string is copied.
    name = unsafe String(cString: text)
    kind = header.sh_type
    flags = header.sh_flags
    address = header.sh_addr
    fileOffset = header.sh_offset
    byteCount = header.sh_size
    link = header.sh_link
    info = header.sh_info
    alignment = header.sh_addralign
    entryByteCount = header.sh_entsize
    guard kind != Self.noBits, kind != UInt32(SHT_NULL), byteCount > 0 else { return }
    // SAFETY: the data lies inside the file's memory, which libelf has checked; it is copied.
    guard let data = unsafe elf_rawdata(section, nil), let start = unsafe data.pointee.d_buf,
      unsafe UInt64(data.pointee.d_size) == byteCount
    else { return nil }
    unsafe contents = Array(UnsafeRawBufferPointer(start: start, count: Int(byteCount)))
  }
}
