import CLinux
import Glibc

/// The RAM of a guest, backed by a memory file. The guest changes it at any time: what is read is a
/// claim, and is read once.
@safe
package final class GuestMemory: @unchecked Sendable {
  // Unchecked: everything is immutable but the bytes, which belong to nobody.

  /// One range of guest addresses and its place in the file.
  package struct Region: Sendable, Equatable {
    package let guestAddress: UInt64
    package let byteCount: UInt64
    package let fileOffset: UInt64

    package var end: UInt64 { guestAddress + byteCount }
  }

  /// RAM below 4 GiB ends here at the latest: device registers lie above.
  package static let lowLimit: UInt64 = 0xC000_0000
  private static let highStart: UInt64 = 1 << 32

  package let file: Descriptor
  package let byteCount: UInt64
  /// From guest address 0, and from 4 GiB what did not fit below.
  package let low: Region
  package let high: Region
  package let isHuge: Bool
  /// Where the file is mapped in this process.
  package let hostAddress: UInt64
  private let base: UnsafeMutableRawPointer

  /// `byteCount` bytes of zeros, whole pages; in pages of 2 MiB where the host has them to give.
  package init(byteCount: UInt64) throws(SystemCallError) {
    let (file, base, isHuge) = unsafe try Self.reserve(byteCount)
    self.file = file
    unsafe self.base = base
    self.isHuge = isHuge
    self.byteCount = byteCount
    hostAddress = UInt64(UInt(bitPattern: base))
    let lowByteCount = min(byteCount, Self.lowLimit)
    low = Region(guestAddress: 0, byteCount: lowByteCount, fileOffset: 0)
    high = Region(
      guestAddress: Self.highStart, byteCount: byteCount - lowByteCount, fileOffset: lowByteCount)
  }

  deinit { unsafe munmap(base, Int(byteCount)) }

  /// Those that are not empty.
  package var regions: [Region] { [low, high].filter { $0.byteCount > 0 } }

  private static func reserve(
    _ byteCount: UInt64
  ) throws(SystemCallError) -> (Descriptor, UnsafeMutableRawPointer, Bool) {
    if byteCount % (2 << 20) == 0, let huge = unsafe try? map(byteCount, huge: true) {
      return unsafe (huge.0, huge.1, true)
    }
    let ordinary = unsafe try map(byteCount, huge: false)
    return unsafe (ordinary.0, ordinary.1, false)
  }

  private static func map(
    _ byteCount: UInt64, huge: Bool
  ) throws(SystemCallError) -> (Descriptor, UnsafeMutableRawPointer) {
    // SAFETY: the name is a terminated literal.
    let file = Descriptor(
      owning: unsafe try checked("memfd_create", ix_memfd("ix-guest", huge ? 1 : 0)))
    guard ftruncate(file.rawValue, Int(byteCount)) == 0 else {
      throw SystemCallError("ftruncate", on: "of guest memory", code: errno)
    }
    // Huge pages are reserved by the mapping, so that none is missing at a later access.
    let flags = MAP_SHARED | (huge ? 0 : MAP_NORESERVE)
    // SAFETY: a new mapping at a place of the kernel's choice.
    guard
      let base = unsafe mmap(
        nil, Int(byteCount), PROT_READ | PROT_WRITE, flags, file.rawValue, 0),
      unsafe base != MAP_FAILED
    else { throw SystemCallError("mmap", on: "of guest memory", code: errno) }
    return unsafe (file, base)
  }

  /// The place of `byteCount` bytes at a guest address; nil unless all of them are RAM, without a
  /// gap.
  @unsafe
  @inline(__always)
  package func pointer(to address: UInt64, byteCount: UInt64) -> UnsafeMutableRawPointer? {
    // SAFETY: the range was found to lie inside the mapping.
    if address < low.byteCount, byteCount <= low.byteCount &- address {
      return unsafe base + Int(address)
    }
    let offset = address &- high.guestAddress
    guard address >= high.guestAddress, offset < high.byteCount,
      byteCount <= high.byteCount &- offset
    else { return nil }
    return unsafe base + Int(high.fileOffset &+ offset)
  }

  /// Whether all of a range is RAM, without a gap.
  package func contains(_ address: UInt64, byteCount: UInt64) -> Bool {
    unsafe pointer(to: address, byteCount: byteCount) != nil
  }

  /// Copies bytes into the guest; false unless all of them fit RAM.
  package func write(_ bytes: ArraySlice<UInt8>, at address: UInt64) -> Bool {
    guard let target = unsafe pointer(to: address, byteCount: UInt64(bytes.count)) else {
      return false
    }
    // SAFETY: `pointer` checked the range.
    unsafe bytes.withUnsafeBytes { source in
      guard let start = source.baseAddress else { return }
      unsafe target.copyMemory(from: start, byteCount: source.count)
    }
    return true
  }

  /// Reads bytes of `file`, from `offset` on, into the guest; false unless all of them are in the file
  /// and fit RAM.
  package func load(
    _ byteCount: UInt64, of file: Descriptor, from offset: UInt64, at address: UInt64
  ) throws(SystemCallError) -> Bool {
    guard let target = unsafe pointer(to: address, byteCount: byteCount),
      byteCount <= UInt64(Int.max), offset <= UInt64(Int.max) - byteCount
    else { return false }
    var done = 0
    while done < Int(byteCount) {
      // SAFETY: `pointer` checked the range, of which `done` bytes have been filled.
      let count = unsafe pread(
        file.rawValue, target + done, Int(byteCount) - done, Int(offset) + done)
      if count == 0 { return false }
      if count > 0 {
        done += count
      } else if errno != EINTR {
        throw SystemCallError("pread", on: "of the image", code: errno)
      }
    }
    return true
  }

  /// A copy of bytes of the guest; nil unless all of them are RAM.
  package func read(at address: UInt64, byteCount: Int) -> [UInt8]? {
    guard byteCount >= 0,
      let start = unsafe pointer(to: address, byteCount: UInt64(byteCount))
    else { return nil }
    // SAFETY: `pointer` checked the range.
    return unsafe Array(UnsafeRawBufferPointer(start: start, count: byteCount))
  }
}
