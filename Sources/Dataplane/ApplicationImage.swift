import Packets
import Wire

/// An application's ELF file, checked: what the kernel maps into ring 3.
///
/// Only what our own linker script produces is accepted: a static x86-64 executable whose segments
/// start at page boundaries, do not share a page and are never writable and executable at once
/// (ELF-64 Object File Format, version 1.5; System V ABI AMD64 supplement).
package struct ApplicationImage: BitwiseCopyable, Sendable {
  /// Most loadable segments.
  package static var segmentLimit: Int { 8 }
  package static var pageByteCount: UInt64 { 4096 }

  package let entry: UserAddress
  package private(set) var segmentCount = 0
  private var segments = InlineArray<8, ApplicationSegment>(repeating: ApplicationSegment())

  package subscript(index: Int) -> ApplicationSegment {
    precondition(index < segmentCount, "no such segment")
    // Through a span: subscripting the array itself copies it, every time.
    return segments.span[index]
  }

  /// Checks `file`, whose segments must lie inside `window`.
  package init(parsing file: RawSpan, window: Range<UInt64>) throws(ApplicationImageError) {
    let header = try ELFHeader(parsing: file)
    entry = UserAddress(header.entry)
    for index in 0..<header.programHeaderCount {
      let offset = header.programHeaderOffset &+ index &* ELFHeader.programHeaderByteCount
      switch file.littleEndian(at: offset) as UInt32 {
      case 1: try add(ApplicationSegment(parsing: file, at: offset, window: window))  // PT_LOAD
      case 2, 3, 7: throw .notStatic  // PT_DYNAMIC, PT_INTERP, PT_TLS
      default: continue
      }
    }
    for index in 0..<segmentCount where self[index].isExecutable {
      if self[index].contains(entry) { return }
    }
    throw .badEntry
  }

  private mutating func add(_ segment: ApplicationSegment) throws(ApplicationImageError) {
    guard segment.byteCount > 0 else { return }
    for index in 0..<segmentCount where self[index].sharesPage(with: segment) {
      throw .overlappingSegments
    }
    guard segmentCount < Self.segmentLimit else { throw .tooManySegments }
    segments[segmentCount] = segment
    segmentCount &+= 1
  }
}

/// Why an application was refused.
package enum ApplicationImageError: Error, BitwiseCopyable, Sendable {
  case truncated
  /// Not a 64-bit little-endian ELF executable for x86-64.
  case notAnExecutable
  /// Wants a dynamic linker or thread-local storage.
  case notStatic
  /// A segment is not aligned, or larger in the file than in memory.
  case badSegment
  /// A segment is writable and executable.
  case writableAndExecutable
  case overlappingSegments
  case tooManySegments
  /// A segment is outside the addresses an application may have.
  case outsideWindow
  /// The entry point is not in an executable segment.
  case badEntry
}
