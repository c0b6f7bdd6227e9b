import Packets
import TestSupport
import Testing
import Wire

@testable import Drivers

/// A device that hands over segments longer than the link's, in several buffers.
@Suite struct SegmentCutterTests {
  /// VIRTIO_NET_F_GUEST_TSO4 beside what the fake device offers.
  private static func model() -> FakeVirtioDevice {
    FakeVirtioDevice(offered: FakeVirtioDevice.defaultFeatures | 1 << 7)
  }
  static let text = (0..<5000).map { UInt8(truncatingIfNeeded: $0 * 7) }

  /// Ethernet, IPv4 and TCP with timestamps in front of `text`; the IPv4 checksum is right.
  static func frame(
    _ text: [UInt8] = text, flags: UInt8 = 0x19, change: (inout [UInt8]) -> Void = { _ in }
  ) -> [UInt8] {
    var bytes: [UInt8] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]
    let total = 52 + text.count
    bytes += [0x45, 0, UInt8(total >> 8), UInt8(total & 255), 0, 1, 0x40, 0, 64, 6, 0, 0]
    bytes += [10, 9, 0, 1, 10, 9, 0, 2]
    bytes += [0x30, 0x39, 0, 7, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 9, 0x80, flags, 1, 0, 0, 0, 0, 0]
    bytes += [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]
    change(&bytes)
    let checksum = checksum(bytes)
    bytes[24] = UInt8(checksum >> 8)
    bytes[25] = UInt8(checksum & 255)
    return bytes + text
  }

  private static func checksum(_ bytes: [UInt8]) -> UInt16 {
    bytes.withUnsafeBytes {
      Checksum.of(RawSpan(_unsafeBytes: $0), from: 14, byteCount: 20)
    }
  }

  /// Hands `frame` over in as many buffers as it needs; returns how many.
  @discardableResult
  private func deliver(
    _ frame: [UInt8], to model: FakeVirtioDevice, kind: UInt8 = 1, flags: UInt8 = 1
  ) -> Int {
    let room = PacketPool.bufferByteCount - SegmentCutter.headroom
    let count = (12 + frame.count + room - 1) / room
    let header: [UInt8] = [flags, kind, 66, 0, 0xB4, 5, 34, 0, 16, 0, UInt8(count), 0]
    let bytes = header + frame
    for number in 0..<count {
      let piece = Array(bytes[number * room..<min((number + 1) * room, bytes.count)])
      #expect(model.deliver(piece, header: []))
    }
    return count
  }

  @Test(arguments: [1, 0x81] as [UInt8])
  func aLongSegmentBecomesSegmentsOfOneBufferEach(kind: UInt8) throws {
    var rig = try NetworkRig(Self.model())
    rig.refill()
    let free = rig.pool.freeCount
    let whole = Self.frame(flags: 0x99)
    let count = deliver(whole, to: rig.model, kind: kind)
    #expect(count == 3)
    var text: [UInt8] = []
    for number in 0..<count {
      let received = rig.receive()
      let piece = try #require(received)
      #expect(piece.isVerified)
      #expect(Array(piece.bytes[..<16]) == Array(whole[..<16]))
      #expect(Int(piece.bytes[16]) << 8 | Int(piece.bytes[17]) == piece.bytes.count - 14)
      #expect(Self.checksum(piece.bytes) == 0)
      let sequence = piece.bytes[38..<42].reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
      #expect(sequence == 0xFFFF_FF00 &+ UInt32(text.count))
      // CWR with the first, FIN and PSH with the last.
      #expect(piece.bytes[47] == [0x90, 0x10, 0x19][number])
      #expect(Array(piece.bytes[54..<66]) == Array(whole[54..<66]))
      text += piece.bytes[66...]
    }
    #expect(text == Self.text)
    let none = rig.receive()
    let freed = rig.pool.freeCount
    #expect(none == nil && freed == free + count)
    let cut = rig.network.counters.cutSegments
    #expect(cut == 3)
  }

  @Test func aShortFrameIsReceivedAsItIs() throws {
    var rig = try NetworkRig(Self.model())
    rig.refill()
    let frame = Self.frame(Array(Self.text[..<1000]))
    deliver(frame, to: rig.model, kind: 0, flags: 0)
    let received = rig.receive()
    #expect(received?.bytes == frame && received?.isVerified == false)
  }

  @Test func everyBufferHasRoomForHeadersInFront() throws {
    var rig = try NetworkRig(Self.model())
    rig.refill()
    let chain = rig.model.takeChain(0)
    let room = PacketPool.bufferByteCount - SegmentCutter.headroom
    #expect(chain?.pieces.map(\.byteCount) == [room])
  }

  /// A frame that cannot be cut is dropped with all its buffers, and the next one is received.
  private func expectDropped(_ frame: [UInt8], kind: UInt8 = 1, flags: UInt8 = 1) throws {
    var rig = try NetworkRig(Self.model())
    rig.refill()
    let free = rig.pool.freeCount
    let count = deliver(frame, to: rig.model, kind: kind, flags: flags)
    let next = Self.frame(Array(Self.text[..<100]))
    deliver(next, to: rig.model, kind: 0)
    let received = rig.receive()
    #expect(received?.bytes == next)
    let dropped = rig.network.counters.droppedSegmentation
    let freed = rig.pool.freeCount
    #expect(dropped == UInt64(count) && freed == free + count + 1)
  }

  @Test(
    arguments: [
      (12, 0x86), (14, 0x65), (14, 0x44), (20, 0x20), (21, 1), (23, 17), (46, 0x40),
    ] as [(Int, UInt8)])
  func headersThatMakeNoSenseAreNotCut(place: Int, value: UInt8) throws {
    try expectDropped(Self.frame { $0[place] = value })
  }

  @Test(arguments: [0x02, 0x12, 0x04, 0x14] as [UInt8])
  func onlyTextIsCut(flags: UInt8) throws { try expectDropped(Self.frame(flags: flags)) }

  @Test func aWrongHeaderChecksumDoesNotBecomeRight() throws {
    var frame = Self.frame()
    frame[24] ^= 1
    try expectDropped(frame)
  }

  @Test func aChecksumNobodyVouchesForIsNotBelieved() throws {
    try expectDropped(Self.frame(), flags: 0)
  }

  @Test(arguments: [0, 3, 4, 5] as [UInt8])
  func anotherKindOfSegmentationIsDropped(kind: UInt8) throws {
    try expectDropped(Self.frame(), kind: kind)
  }

  /// Lengths that contradict each other, announced buffers that hold nothing: nothing is read or
  /// written outside of a buffer, and every buffer comes back.
  @Test(arguments: 0..<80)
  func piecesOfAnyLengthDoNoHarm(byteCount: Int) throws {
    var rig = try NetworkRig(Self.model())
    rig.refill()
    let free = rig.pool.freeCount
    let header: [UInt8] = [1, 1, 66, 0, 0xB4, 5, 34, 0, 16, 0, 3, 0]
    rig.model.deliver(Array(Self.frame()[..<byteCount]), header: header)
    rig.model.deliver([], header: [])
    rig.model.deliver(Array(Self.text[..<(byteCount * 20)]), header: [])
    while let piece = rig.receive() { #expect(piece.bytes.count > 66) }
    let freed = rig.pool.freeCount
    #expect(freed == free + 3)
  }
}
