extension ELF {
  /// Addresses in ring 3's half of the address space.
  private static let userAddresses: Range<UInt64> = 0x1000..<0x8000_0000_0000

  /// What must hold for any ELF file whose segments are placed in memory as they say.
  func checkSegments(fileByteCount: Int, named name: String) throws(ImageError) {
    guard !loadedSegments.isEmpty else {
      throw ImageError(.unusable, name, "it has no segment to load")
    }
    for segment in segments where segment.kind == Segment.load || segment.kind == Segment.note {
      // The place of no bytes does not matter: linkers put it behind the last one.
      guard let fileEnd = segment.fileEnd,
        fileEnd <= UInt64(fileByteCount) || segment.fileByteCount == 0,
        segment.virtualEnd != nil, segment.physicalEnd != nil,
        segment.fileByteCount <= segment.memoryByteCount || segment.kind == Segment.note
      else { throw ImageError(.damaged, name, "a segment lies outside the file or memory") }
    }
    for segment in loadedSegments
    where segment.permissions.isSuperset(of: [.write, .execute]) {
      throw ImageError(
        .unusable, name,
        "its segment at \(hexadecimal(segment.virtualAddress)) is writable and executable")
    }
    try checkOverlap(named: name) { ($0.virtualAddress, $0.virtualEnd) }
  }

  /// No two loaded segments share an address; `range` picks virtual or physical ones.
  func checkOverlap(
    named name: String, _ range: (Segment) -> (start: UInt64, end: UInt64?)
  ) throws(ImageError) {
    let ordered = loadedSegments.map(range).sorted { $0.start < $1.start }
    for (lower, upper) in zip(ordered, ordered.dropFirst())
    where (lower.end ?? .max) > upper.start {
      throw ImageError(
        .unusable, name,
        "its segments at \(hexadecimal(lower.start)) and \(hexadecimal(upper.start)) overlap")
    }
  }

  /// What the kernel needs of an application: one that it would refuse is refused here.
  func checkApplication(fileByteCount: Int, named name: String) throws(ImageError) {
    try checkSegments(fileByteCount: fileByteCount, named: name)
    for segment in loadedSegments {
      guard Self.userAddresses.contains(segment.virtualAddress),
        let end = segment.virtualEnd, end <= Self.userAddresses.upperBound
      else {
        throw ImageError(
          .unusable, name,
          "its segment at \(hexadecimal(segment.virtualAddress)) is outside user memory")
      }
    }
    let isExecutable = loadedSegments.contains {
      $0.permissions.contains(.execute) && $0.virtualAddress <= entry
        && entry < ($0.virtualEnd ?? 0)
    }
    guard isExecutable else {
      throw ImageError(
        .unusable, name, "its entry point \(hexadecimal(entry)) is in no executable segment")
    }
  }
}

/// "0x" and lower-case digits.
package func hexadecimal(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
