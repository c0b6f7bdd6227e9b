#if hasFeature(Embedded)
  import CIXABI
  import CX86
  import Dataplane

  /// Where the application and its content are in this image, as `ixlaunch build` recorded it.
  struct ImageDescriptor {
    /// Physical address of the application's ELF file.
    let address: UInt64
    let byteCount: Int
    /// Physical address of the content, a multiple of a page's size.
    let contentAddress: UInt64
    /// 0 without content.
    let contentByteCount: Int
    private let checksum: UInt32

    /// Reads the descriptor linked into the kernel; refuses an image that was not composed, or for
    /// another ABI.
    static func read() -> ImageDescriptor {
      let address = UInt(ix_address_of_image_descriptor())
      // SAFETY: the linker script keeps 64 aligned bytes there; every bit pattern is valid.
      let layout = unsafe UnsafePointer<ix_image_descriptor_layout>(bitPattern: address)
        .unsafelyUnwrapped.pointee
      let magic = layout.magic
      guard magic.0 == 0x49, magic.1 == 0x58, magic.2 == 0x49, magic.3 == 0x4D,  // "IXIM"
        magic.4 == 0x41, magic.5 == 0x47, magic.6 == 0x45, magic.7 == 0x31  // "AGE1"
      else { refuse("this image contains no application") }
      guard layout.abi_version == IX_ABI_VERSION else {
        refuse("the application of this image was built for another ABI version")
      }
      guard layout.application_byte_count > 0, layout.application_byte_count < 1 << 30,
        layout.application_address < 1 << 40,
        layout.application_address % MemoryMap.pageByteCount == 0,
        layout.content_byte_count < 1 << 31, layout.content_address < 1 << 40,
        layout.content_address % MemoryMap.pageByteCount == 0
      else { refuse("the image descriptor is damaged") }
      return ImageDescriptor(
        address: layout.application_address, byteCount: Int(layout.application_byte_count),
        contentAddress: layout.content_address, contentByteCount: Int(layout.content_byte_count),
        checksum: layout.application_crc32)
    }

    /// The application's ELF file; refuses a damaged one.
    @_lifetime(immortal)
    func application() -> RawSpan {
      let bytes = bytes
      guard CRC32().checksum(of: bytes) == checksum else {
        refuse("the application of this image is damaged: its checksum does not match")
      }
      return bytes
    }

    /// The same, after it has been checked.
    var bytes: RawSpan {
      @_lifetime(immortal)
      get { physicalBytes(at: address, byteCount: byteCount) }
    }
  }
#endif
