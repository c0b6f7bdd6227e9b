import CX86
import Packets
import Wire

/// One piece of memory per slot of a transmit queue, for the headers of the frame in it, and for a
/// table of descriptors where the frame needs one.
@safe
struct TransmitSlots: ~Copyable {
  private static var headerByteCount: Int {
    VirtioNetworkHeader.byteLimit + OutgoingFrame.headerLimit
  }
  /// Whole cache lines.
  private static var headerStride: Int { (headerByteCount + 63) & ~63 }
  private static var tableStride: Int { (16 * (1 + Fragment.limit) + 63) & ~63 }

  private let count: Int
  private let deviceHeaderByteCount: Int
  private let headers: MemoryRegion
  private let tables: MemoryRegion
  private let map: DirectMap

  /// `count` slots, without room for tables unless `hasTables`.
  init?(
    count: Int, hasTables: Bool, deviceHeaderByteCount: Int, arena: inout Arena, map: DirectMap
  ) {
    guard let headers = arena.carve(byteCount: count * Self.headerStride, alignment: 64),
      let tables = arena.carve(
        byteCount: hasTables ? count * Self.tableStride : 0, alignment: 64)
    else { return nil }
    self.count = count
    self.deviceHeaderByteCount = min(deviceHeaderByteCount, VirtioNetworkHeader.byteLimit)
    self.headers = headers
    self.tables = tables
    self.map = map
  }

  /// Where the device finds the headers of a slot.
  @inline(__always)
  func headerAddress(_ slot: UInt16) -> DeviceAddress {
    map.deviceAddress(of: headers.base + Int(slot) &* Self.headerStride)
  }

  /// Writes the device's header and lets `writeHeader` fill in the packet's, which follows.
  @inline(__always)
  mutating func write(
    _ header: VirtioNetworkHeader, packetHeaderByteCount: Int, slot: UInt16,
    writeHeader: (inout MutableRawSpan) -> Void
  ) {
    precondition(
      packetHeaderByteCount >= 0 && packetHeaderByteCount <= OutgoingFrame.headerLimit,
      "a packet header longer than a transmit slot")
    precondition(Int(slot) < count, "no such transmit slot")
    // SAFETY: the slot exists and has room for both headers; the device only reads it.
    let start = unsafe headers.pointer + Int(slot) &* Self.headerStride
    unsafe start.storeBytes(of: header.first, as: UInt64.self)
    unsafe start.storeBytes(of: header.second, toByteOffset: 8, as: UInt32.self)
    // No hash, where the header has one; otherwise the packet's header is written over it.
    unsafe start.storeBytes(of: 0, toByteOffset: 12, as: UInt64.self)
    var bytes = unsafe MutableRawSpan(
      _unsafeStart: start + deviceHeaderByteCount, byteCount: packetHeaderByteCount)
    writeHeader(&bytes)
  }

  /// Writes the table of a frame of `headerByteCount` bytes in the slot and `fragments` behind
  /// them, empty ones left out (virtio 1.1, section 2.6.5.3).
  mutating func writeTable(
    headerByteCount: Int, fragments: Span<Fragment>, slot: UInt16
  ) -> (address: DeviceAddress, byteCount: Int) {
    precondition(fragments.count <= Fragment.limit, "more fragments than a frame can have")
    precondition(
      (Int(slot) &+ 1) &* Self.tableStride <= tables.byteCount, "no such transmit table")
    // SAFETY: the slot exists and has room for one descriptor more than there can be fragments.
    let table = unsafe tables.pointer + Int(slot) &* Self.tableStride
    var index: UInt16 = 0
    var address = headerAddress(slot)
    var byteCount = UInt32(truncatingIfNeeded: headerByteCount)
    for number in fragments.indices {
      let fragment = fragments[number]
      guard fragment.byteCount > 0 else { continue }
      // SAFETY: `index` is at most the number of fragments seen before this one.
      unsafe SplitRing.write(
        table + Int(index) &* 16, address: address, byteCount: byteCount,
        flags: SplitRing.Flag.next, next: index &+ 1)
      index &+= 1
      address = map.deviceAddress(of: fragment.address)
      byteCount = UInt32(truncatingIfNeeded: fragment.byteCount)
    }
    // SAFETY: as above; this is the last one.
    unsafe SplitRing.write(
      table + Int(index) &* 16, address: address, byteCount: byteCount, flags: 0, next: 0)
    let start = map.deviceAddress(of: tables.base + Int(slot) &* Self.tableStride)
    return (start, 16 &* (Int(index) &+ 1))
  }
}

extension VirtioNetworkHeader {
  /// The header the device put at `offset` of a pool buffer. Each half is read once: the device
  /// could change it between two reads.
  @inline(__always)
  init(of buffer: UInt32, at offset: Int, in pool: borrowing PacketPool) {
    precondition(UInt(bitPattern: offset) <= UInt(bitPattern: SegmentCutter.headroom))
    // SAFETY: `pointer` checks the index; a buffer is much longer than headroom and header.
    let start = unsafe pool.pointer(to: buffer) + offset
    first = unsafe x86_device_read64(start)
    second = unsafe x86_device_read32(start + 8)
  }

  /// The flow's hash in the header in front of `offset` of a pool buffer; nil where the device has not
  /// hashed addresses and ports of a segment or datagram over IPv4.
  static func reportedHash(before offset: Int, of buffer: UInt32, in pool: borrowing PacketPool)
    -> UInt32?
  {
    precondition(offset >= byteLimit && offset <= SegmentCutter.headroom + byteLimit)
    // SAFETY: `pointer` checks the index; a buffer is much longer than headroom and header.
    let report = unsafe x86_device_read64(
      pool.pointer(to: buffer) + offset - reportByteCount)
    // VIRTIO_NET_HASH_REPORT_TCPv4 and _UDPv4 (section 5.1.6.4.4).
    let kind = UInt16(truncatingIfNeeded: report &>> 32)
    return kind == 2 || kind == 3 ? UInt32(truncatingIfNeeded: report) : nil
  }
}
