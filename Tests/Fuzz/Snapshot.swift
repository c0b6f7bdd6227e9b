/// The rig as it is when its connections have been established. Every run begins by restoring that:
/// making a rig anew would take longer than most runs.
struct Snapshot {
  let rig: UnsafeMutablePointer<Rig>
  private let tables: UnsafeMutableRawBufferPointer
  private let savedRig: UnsafeMutableRawPointer
  private let savedTables: UnsafeMutableRawPointer

  init() {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 << 20, alignment: 4096)
    var remaining = 0
    rig = .allocate(capacity: 1)
    rig.initialize(to: Rig(in: memory, remainingByteCount: &remaining))
    let used = (memory.count - remaining + Self.blockByteCount - 1) & ~(Self.blockByteCount - 1)
    tables = UnsafeMutableRawBufferPointer(rebasing: memory[..<used])
    savedRig = .allocate(byteCount: MemoryLayout<Rig>.size, alignment: 64)
    savedRig.copyMemory(from: rig, byteCount: MemoryLayout<Rig>.size)
    savedTables = .allocate(byteCount: tables.count, alignment: 64)
    savedTables.copyMemory(from: tables.baseAddress!, byteCount: tables.count)
  }

  func restore() {
    UnsafeMutableRawPointer(rig).copyMemory(
      from: savedRig, byteCount: MemoryLayout<Rig>.size)
    var offset = 0
    while offset < tables.count {
      if isTouched(offset) {
        (tables.baseAddress! + offset).copyMemory(
          from: savedTables + offset, byteCount: Self.blockByteCount)
      }
      offset &+= Self.blockByteCount
    }
  }

  /// Whether a run has changed the block at `offset`; most it has not, and looking is cheaper than
  /// writing. Not `memcmp`, from whose calls libFuzzer learns words for its inputs.
  private func isTouched(_ offset: Int) -> Bool {
    let words = (tables.baseAddress! + offset).assumingMemoryBound(to: UInt64.self)
    let saved = (savedTables + offset).assumingMemoryBound(to: UInt64.self)
    var difference: UInt64 = 0
    for index in 0..<(Self.blockByteCount / 8) { difference |= words[index] ^ saved[index] }
    return difference != 0
  }

  private static var blockByteCount: Int { 512 }
}
