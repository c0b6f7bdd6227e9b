/// Captured frames as a pcapng file (draft-ietf-opsawg-pcapng): little-endian, Ethernet,
/// nanoseconds.
package enum PcapNG {
  /// Section and interface: the beginning of a file. `snapByteCount` of each frame are kept.
  package static func beginning(name: String, snapByteCount: Int) -> [UInt8] {
    let application = option(4, Array("ixlaunch".utf8))  // shb_userappl
    let section =
      block(
        0x0A0D_0D0A,
        little(0x1A2B_3C4D as UInt32) + little(1 as UInt16) + little(0 as UInt16)
          + little(UInt64.max) + application + endOfOptions)
    let interface = block(
      1,
      little(1 as UInt16) + little(0 as UInt16) + little(UInt32(snapByteCount))
        + option(2, Array(name.utf8))  // if_name
        + option(9, [9]) + endOfOptions)  // if_tsresol: 10^-9
    return section + interface
  }

  /// An enhanced packet block. `origin` is the time of day at instant zero of the guest's clock,
  /// nanoseconds since 1970.
  package static func packet(_ frame: CapturedFrame, origin: UInt64) -> [UInt8] {
    let time = origin &+ frame.time
    let direction: UInt32 = frame.isSent ? 2 : 1
    return block(
      6,
      little(0 as UInt32) + little(UInt32(truncatingIfNeeded: time >> 32))
        + little(UInt32(truncatingIfNeeded: time)) + little(UInt32(frame.bytes.count))
        + little(UInt32(frame.originalByteCount)) + padded(frame.bytes)
        + option(2, little(direction)) + endOfOptions)  // epb_flags
  }

  /// An interface statistics block: the end of a file.
  package static func end(captured: UInt64, dropped: UInt64, time: UInt64) -> [UInt8] {
    block(
      5,
      little(0 as UInt32) + little(UInt32(truncatingIfNeeded: time >> 32))
        + little(UInt32(truncatingIfNeeded: time)) + option(4, little(captured &+ dropped))
        + option(5, little(dropped)) + endOfOptions)  // isb_ifrecv, isb_ifdrop
  }

  private static let endOfOptions: [UInt8] = [0, 0, 0, 0]

  private static func block(_ kind: UInt32, _ body: [UInt8]) -> [UInt8] {
    let byteCount = little(UInt32(body.count + 12))
    return little(kind) + byteCount + body + byteCount
  }

  private static func option(_ code: UInt16, _ value: [UInt8]) -> [UInt8] {
    little(code) + little(UInt16(value.count)) + padded(value)
  }

  private static func padded(_ bytes: [UInt8]) -> [UInt8] {
    bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
  }

  private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }
}
