#if hasFeature(Embedded)
  import Dataplane
  import Packets

  extension ApplicationSpace {
    /// Maps copies of the application's segments; refuses what is not a well-formed application.
    mutating func load(_ file: RawSpan, kernel: inout KernelMemory) -> UserAddress {
      do {
        let image = try ApplicationImage(parsing: file, window: Layout.applicationWindow)
        for index in 0..<image.segmentCount { load(image[index], of: file, kernel: &kernel) }
        return image.entry
      } catch {
        Self.refuse(error)
      }
    }

    private mutating func load(
      _ segment: ApplicationSegment, of file: RawSpan, kernel: inout KernelMemory
    ) {
      let memory = kernel.free.take(byteCount: Int(segment.pagesByteCount))
      memory.fillWithZero()
      let end = segment.fileOffset &+ segment.fileByteCount
      memory.copy(file.extracting(segment.fileOffset..<end))
      let access: PageAccess =
        segment.isWritable ? .userData : segment.isExecutable ? .userText : .userReadOnly
      map(segment.address, to: memory, access: access, kernel: &kernel)
    }

    /// Maps the content of the image, if it has any, where it was loaded. It may
    /// be large, so its checksum is left to the launcher, which checks all of an image.
    mutating func mapContent(of image: ImageDescriptor, kernel: inout KernelMemory) {
      guard image.contentByteCount > 0 else { return }
      let pages = UInt64(image.contentByteCount).roundedUp(to: MemoryMap.pageByteCount)
      let memory = MemoryRegion(
        base: PhysicalAddress(image.contentAddress).kernelAddress, byteCount: Int(pages))
      map(Layout.content, to: memory, access: .userReadOnly, kernel: &kernel)
    }

    /// Maps a stack with nothing below it and returns the stack pointer of a function that has just
    /// been called (System V ABI AMD64, section 3.2.2).
    mutating func mapStack(kernel: inout KernelMemory) -> UserAddress {
      let memory = kernel.free.take(byteCount: Layout.stackByteCount)
      memory.fillWithZero()
      let start = UserAddress(Layout.stackEnd.rawValue &- UInt64(Layout.stackByteCount))
      map(start, to: memory, access: .userData, kernel: &kernel)
      return UserAddress(Layout.stackEnd.rawValue &- 8)
    }

    private static func refuse(_ error: ApplicationImageError) -> Never {
      switch error {
      case .truncated: Kernel.refuse("the application is truncated")
      case .notAnExecutable: Kernel.refuse("the application is not an x86-64 ELF executable")
      case .notStatic: Kernel.refuse("the application is not statically linked")
      case .badSegment: Kernel.refuse("the application has a malformed segment")
      case .writableAndExecutable:
        Kernel.refuse("the application has a segment that is writable and executable")
      case .overlappingSegments: Kernel.refuse("the application has overlapping segments")
      case .tooManySegments: Kernel.refuse("the application has more than 8 segments")
      case .outsideWindow: Kernel.refuse("the application is linked outside its address window")
      case .badEntry: Kernel.refuse("the application's entry point is not executable")
      }
    }
  }
#endif
