import HostNetwork
import Wire

/// What a driver asks for on the control queue (virtio 1.2, section 5.1.6.5).
enum NetworkCommand: Equatable {
  /// VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET.
  case usePairs(Int)
  /// VIRTIO_NET_CTRL_MQ_RSS_CONFIG.
  case hash(ReceiveHashing)

  static let keyByteCount = 40
  /// Most entries of the indirection table.
  static let tableLimit = 128
  /// The longest command: RSS with a full table and key.
  static let byteLimit = 2 + 4 + 2 + 2 + 2 * tableLimit + 2 + 1 + keyByteCount

  private static let multiqueueClass: UInt8 = 4
  private static let pairsCommand: UInt8 = 0
  private static let hashCommand: UInt8 = 1

  /// `bytes`: class, command and what belongs to it. Nil for what is unknown, too short, or asks for
  /// queues beyond `pairCount`.
  init?(parsing bytes: [UInt8], pairCount: Int) {
    guard bytes.count >= 2, bytes[0] == Self.multiqueueClass else { return nil }
    var reader = Reader(bytes: bytes, offset: 2)
    switch bytes[1] {
    case Self.pairsCommand:
      guard let count = reader.number(2), (1...max(1, pairCount)).contains(count) else {
        return nil
      }
      self = .usePairs(count)
    case Self.hashCommand:
      guard let hashing = Self.hashing(&reader, pairCount: pairCount) else { return nil }
      self = .hash(hashing)
    default: return nil
    }
  }

  /// virtio_net_rss_config (section 5.1.6.5.7.1).
  private static func hashing(_ reader: inout Reader, pairCount: Int) -> ReceiveHashing? {
    guard let kinds = reader.number(4), UInt32(kinds) & ~ReceiveHashing.supportedKinds == 0,
      let mask = reader.number(2), mask < tableLimit, mask & (mask + 1) == 0,
      let unclassified = reader.number(2), unclassified < pairCount
    else { return nil }
    var table: [UInt16] = []
    for _ in 0...mask {
      guard let entry = reader.number(2), entry < pairCount else { return nil }
      table.append(UInt16(entry))
    }
    guard let transmit = reader.number(2), (1...max(1, pairCount)).contains(transmit),
      let length = reader.number(1), length == keyByteCount, let key = reader.bytes(length)
    else { return nil }
    return ReceiveHashing(
      kinds: UInt32(kinds), key: key, table: table, unclassified: UInt16(unclassified),
      pairCount: transmit)
  }

  private struct Reader {
    let bytes: [UInt8]
    var offset: Int

    mutating func bytes(_ count: Int) -> [UInt8]? {
      guard count <= bytes.count - offset else { return nil }
      defer { offset += count }
      return Array(bytes[offset..<(offset + count)])
    }

    /// Little endian.
    mutating func number(_ byteCount: Int) -> Int? {
      bytes(byteCount)?.reversed().reduce(0) { $0 << 8 | Int($1) }
    }
  }
}
