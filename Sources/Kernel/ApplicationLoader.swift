#if hasFeature(Embedded)
  import Dataplane
  import Packets

  /// The application's segments as the first core loaded them.
  struct LoadedApplication {
    private let image: ApplicationImage
    private var segments = InlineArray<8, MemoryRegion>(
      repeating: MemoryRegion(base: KernelAddress(0), byteCount: 0))

    var entry: UserAddress { image.entry }

    /// Loads copies of all segments; refuses what is not a well-formed application.
    init(_ file: RawSpan, kernel: inout KernelMemory) {
      do {
        image = try ApplicationImage(parsing: file, window: Layout.applicationWindow)
      } catch {
        ApplicationSpace.refuse(error)
      }
      for index in 0..<image.segmentCount {
        segments[index] = image[index].load(from: file, kernel: &kernel)
      }
    }

    /// Maps the segments into the space of core `index`: the copies themselves where they are only
    /// read, and on the first core; fresh copies elsewhere.
    func map(
      of file: RawSpan, into space: inout ApplicationSpace, core: Int, kernel: inout KernelMemory
    ) {
      for index in 0..<image.segmentCount {
        let segment = image[index]
        let isShared = core == 0 || !segment.isWritable
        let memory = isShared ? segments[index] : segment.load(from: file, kernel: &kernel)
        space.map(segment.address, to: memory, access: segment.access, kernel: &kernel)
      }
    }
  }

  extension ApplicationSegment {
    /// A copy of the segment, in memory of its own.
    fileprivate func load(from file: RawSpan, kernel: inout KernelMemory) -> MemoryRegion {
      let memory = kernel.free.take(byteCount: Int(pagesByteCount))
      memory.fillWithZero()
      memory.copy(file.extracting(fileOffset..<(fileOffset &+ fileByteCount)))
      return memory
    }

    fileprivate var access: PageAccess {
      isWritable ? .userData : isExecutable ? .userText : .userReadOnly
    }
  }

  extension ApplicationSpace {
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

    fileprivate static func refuse(_ error: ApplicationImageError) -> Never {
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
