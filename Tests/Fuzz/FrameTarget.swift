import Packets
import Wire

/// Raw frames into a stack with live connections. Each frame is preceded by a byte that says what
/// is put right about it and what happens then, and one with its length.
enum FrameTarget {
  private nonisolated(unsafe) static let snapshot = Snapshot()

  static func run(_ input: UnsafeRawBufferPointer) {
    let snapshot = snapshot
    snapshot.restore()
    var reader = InputReader(input)
    while !reader.isEmpty { step(&reader, in: &snapshot.rig.pointee) }
    snapshot.rig.pointee.checkWitness()
    snapshot.rig.pointee.finish()
  }

  private static func step(_ reader: inout InputReader, in rig: inout Rig) {
    let control = reader.byte()
    let count = Int(reader.byte()) + (control & 0x80 != 0 ? 1300 : 0)
    rig.receive(reader.take(count), isChecksumVerified: control & 0x02 != 0) { frame in
      if control & 0x01 != 0 { sealHeader(frame) }
      if control & 0x02 != 0 { sealMessage(frame) }
      return !isFromWitness(frame)
    }
    if control & 0x04 != 0 { rig.cycle(echoing: true) }
    if control & 0x08 != 0 { rig.now = rig.now + .milliseconds(1 << UInt64(control >> 4 & 7)) }
  }

  /// An attacker off the path cannot know the witness's sequence numbers; the fuzzer would.
  private static func isFromWitness(_ frame: UnsafeMutableRawBufferPointer) -> Bool {
    frame.count >= 30
      && UInt32(bigEndian: frame.loadUnaligned(fromByteOffset: 26, as: UInt32.self))
        == Rig.witness.rawValue
  }

  /// Puts the IPv4 header's checksum right.
  private static func sealHeader(_ frame: UnsafeMutableRawBufferPointer) {
    guard frame.count >= 34 else { return }
    let byteCount = Int(frame[14] & 15) * 4
    guard byteCount >= 20, frame.count >= 14 + byteCount else { return }
    seal(frame, field: 24, from: 14, byteCount: byteCount)
  }

  /// Puts an ICMP message's checksum right.
  private static func sealMessage(_ frame: UnsafeMutableRawBufferPointer) {
    guard frame.count >= 42, frame[14] == 0x45, frame[23] == 1 else { return }
    let byteCount = Int(frame[16]) << 8 + Int(frame[17])
    guard byteCount >= 28, 14 + byteCount <= frame.count else { return }
    seal(frame, field: 36, from: 34, byteCount: byteCount - 20)
  }

  private static func seal(
    _ frame: UnsafeMutableRawBufferPointer, field: Int, from offset: Int, byteCount: Int
  ) {
    frame.storeBytes(of: 0, toByteOffset: field, as: UInt16.self)
    let span = RawSpan(_unsafeBytes: UnsafeRawBufferPointer(frame))
    let sum = Checksum.of(span, from: offset, byteCount: byteCount)
    frame.storeBytes(of: sum.bigEndian, toByteOffset: field, as: UInt16.self)
  }
}
