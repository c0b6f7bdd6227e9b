import CIXABI

/// A bootable image that has been read and found whole.
package struct Image: Sendable {
  package let description: ImageDescription
  package let abiVersion: UInt32
  /// The whole file: kernel, application and notes.
  package let kernel: ELF
  /// The application inside it.
  package let application: ELF
  package let byteCount: Int
  package let applicationByteCount: Int
  /// 0 without content.
  package let contentByteCount: Int
  /// The address in 32-bit mode at which monitors start it.
  package let pvhEntry: UInt32

  /// The first byte of physical memory that the image leaves free.
  package var physicalEnd: UInt64 { kernel.loadedSegments.compactMap(\.physicalEnd).max() ?? 0 }

  /// Pools, tables and stacks of the smallest guest, beyond the image itself.
  private static let leastFreeMemory: UInt64 = 16 << 20

  /// The least memory of a guest that this image starts in, whole MiB.
  package var leastMemory: ByteCount {
    ByteCount(bytes: ((physicalEnd + Self.leastFreeMemory) >> 20 + 1) << 20)
  }

  /// What can be loaded, and some for symbols; a larger file is not read at all.
  private static let byteLimit = 2048 << 20 + 64 << 20

  /// Reads and validates the image at `path`.
  package init(at path: String) throws(ImageError) {
    try self.init(bytes: try Self.contents(of: path), named: path)
  }

  /// The bytes of a regular file that is no larger than an image may be.
  package static func contents(of path: String) throws(ImageError) -> [UInt8] {
    switch FileContents.read(path, limit: byteLimit) {
    case .bytes(let bytes): return bytes
    case .absent: throw ImageError(.unreadable, path, "there is no such file")
    case .irregular: throw ImageError(.unreadable, path, "it is not a regular file")
    case .tooLarge: throw ImageError(.foreign, path, "it is larger than any image")
    case .unreadable: throw ImageError(.unreadable, path, "it cannot be read")
    }
  }

  /// Validates `bytes`; `name` is used in errors.
  package init(bytes: [UInt8], named name: String) throws(ImageError) {
    let file = try ELF(parsing: bytes, named: name)
    let notes = file.notes(in: bytes)
    try Self.checkSeal(of: bytes, notes, named: name)
    (abiVersion, description) = try Self.description(in: notes, named: name)
    do throws(ImageError) {
      try file.checkSegments(fileByteCount: bytes.count, named: name)
      try file.checkOverlap(named: name) { ($0.physicalAddress, $0.physicalEnd) }
      pvhEntry = try Self.pvhEntry(in: notes, of: file, named: name)
      let parts = try Self.parts(of: file, named: name)
      applicationByteCount = parts.application.count
      contentByteCount = parts.content.count
      application = try ELF(parsing: parts.application, named: name)
      try application.checkApplication(fileByteCount: applicationByteCount, named: name)
    } catch {
      throw ImageError(.damaged, name, error.reason)
    }
    kernel = file
    byteCount = bytes.count
  }
}
