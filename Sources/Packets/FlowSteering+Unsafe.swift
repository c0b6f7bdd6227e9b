import CX86
import Wire

/// Which core owns a flow: its Toeplitz hash selects a flow group, an entry of the indirection table,
/// and the group has an owner.
///
/// The tables lie in memory that all cores read. Nobody writes it while packets flow, except that the
/// control plane gives a group another owner: one byte, written at once.
@safe
package struct FlowSteering: BitwiseCopyable, @unchecked Sendable {
  /// Entries of the indirection table.
  package static var groupCount: Int { 128 }
  /// Addresses and ports.
  private static var inputByteCount: Int { 12 }
  /// Bytes the tables need.
  package static var storageByteCount: Int { inputByteCount &* 256 &* 4 &+ groupCount }

  /// The core this is for.
  package let core: Int
  package let coreCount: Int
  /// For each byte of the input and each of its values, what it contributes to the hash.
  private let contributions: UnsafeMutablePointer<UInt32>?
  private let owners: UnsafeMutablePointer<UInt8>?

  /// The only core owns everything.
  package static var alone: FlowSteering { FlowSteering() }

  private init() {
    core = 0
    coreCount = 1
    unsafe contributions = nil
    unsafe owners = nil
  }

  /// Fills `storage`, at least `storageByteCount` bytes that stay valid: the groups go round the
  /// cores.
  package init(core: Int, coreCount: Int, hash: ToeplitzHash, storage: MemoryRegion) {
    self.init(core: core, coreCount: coreCount, storage: storage)
    guard let contributions = unsafe contributions, let owners = unsafe owners else { return }
    for position in 0..<Self.inputByteCount {
      for byte in 0..<256 {
        let word = UInt32(byte) &<< UInt32(24 &- 8 &* (position & 3))
        // SAFETY: the storage has room for 12 tables of 256.
        unsafe contributions[position &* 256 &+ byte] = hash.part(word, at: position &>> 2)
      }
    }
    // SAFETY: the storage has room for 128 owners behind them.
    for group in 0..<Self.groupCount { unsafe owners[group] = UInt8(group % coreCount) }
  }

  /// Shares tables that have been filled.
  package func sharing(as core: Int, storage: MemoryRegion) -> FlowSteering {
    FlowSteering(core: core, coreCount: coreCount, storage: storage)
  }

  private init(core: Int, coreCount: Int, storage: MemoryRegion) {
    precondition(storage.byteCount >= Self.storageByteCount, "too little room for flow steering")
    precondition(coreCount > 0 && coreCount <= 64, "1 to 64 cores")
    self.core = core
    self.coreCount = coreCount
    // SAFETY: the caller vouches for the region, whose size was checked.
    unsafe contributions = storage.pointer.assumingMemoryBound(to: UInt32.self)
    unsafe owners = (storage.pointer + Self.inputByteCount &* 1024).assumingMemoryBound(
      to: UInt8.self)
  }

  /// More than one core shares the network.
  @inline(__always)
  package var isShared: Bool { coreCount > 1 }

  /// The hash of packets that a remote host sends from `remotePort` to `localPort`; 0 on the only
  /// core.
  package func hash(
    remote: IPv4Address, local: IPv4Address, remotePort: UInt16, localPort: UInt16
  ) -> UInt32 {
    guard let table = unsafe contributions else { return 0 }
    var hash: UInt32 = 0
    let addresses = UInt64(remote.rawValue) &<< 32 | UInt64(local.rawValue)
    let ports = UInt64(remotePort) &<< 48 | UInt64(localPort) &<< 32
    for index in 0..<8 {
      let byte = Int((addresses &>> UInt64(56 &- 8 &* index)) & 0xFF)
      // SAFETY: byte `index` of the input, of value 0...255.
      unsafe hash ^= table[index &* 256 &+ byte]
    }
    for index in 0..<4 {
      let byte = Int((ports &>> UInt64(56 &- 8 &* index)) & 0xFF)
      // SAFETY: as above.
      unsafe hash ^= table[(8 &+ index) &* 256 &+ byte]
    }
    return hash
  }

  /// The hash of a flow whose hash is `hash` with local port 0: the function is linear.
  @inline(__always)
  package func hash(_ hash: UInt32, addingLocalPort port: UInt16) -> UInt32 {
    guard let table = unsafe contributions else { return 0 }
    // SAFETY: the last two bytes of the input, each of value 0...255; a zero contributes nothing.
    return unsafe hash ^ table[10 &* 256 &+ Int(port &>> 8)] ^ table[11 &* 256 &+ Int(port & 0xFF)]
  }

  /// The flow group a hash selects.
  @inline(__always)
  package static func group(of hash: UInt32) -> UInt16 {
    UInt16(truncatingIfNeeded: hash & UInt32(groupCount - 1))
  }

  /// The core that owns a group now.
  @inline(__always)
  package func owner(of group: UInt16) -> Int {
    guard let owners = unsafe owners else { return 0 }
    // SAFETY: the masked group is below their count.
    return Int(unsafe x86_device_read8(owners + (Int(group) & (Self.groupCount - 1))))
  }

  /// Gives a group to another core. What moves with it is the caller's business.
  package func setOwner(of group: UInt16, to core: Int) {
    precondition(core >= 0 && core < coreCount, "no such core")
    guard let owners = unsafe owners else { return }
    // SAFETY: the masked group is below their count.
    unsafe x86_device_write8(
      owners + (Int(group) & (Self.groupCount - 1)), UInt8(truncatingIfNeeded: core))
  }

  /// The groups that this core owns now.
  package func ownGroups() -> FlowGroupSet {
    var groups = FlowGroupSet()
    for group in 0..<UInt16(Self.groupCount) where owner(of: group) == core { groups.insert(group) }
    return groups
  }

  /// Whether packets with this hash belong to the core this is for.
  @inline(__always)
  package func isOurs(_ hash: UInt32) -> Bool { owner(of: Self.group(of: hash)) == core }
}
