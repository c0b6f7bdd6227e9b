/// A message of the vhost-user protocol (QEMU, docs/interop/vhost-user.rst, "Message
/// Specification"): a header of three words, and a payload. All in the host's byte order.
package struct VhostUserMessage: Equatable, Sendable {
  /// Those that a front end of a network device sends.
  package enum Request: UInt32, Sendable {
    case getFeatures = 1
    case setFeatures = 2
    case setOwner = 3
    case setMemoryTable = 5
    case setQueueSize = 8
    case setQueueAddresses = 9
    case setQueueBase = 10
    case getQueueBase = 11
    case setQueueKick = 12
    case setQueueCall = 13
    case getProtocolFeatures = 15
    case setProtocolFeatures = 16
    case getQueueCount = 17
    case setQueueEnabled = 18
  }

  package static let headerByteCount = 12
  /// Of an answer; the longest that is asked for here has eight.
  package static let answerByteLimit = 64

  private static let version: UInt32 = 1
  private static let versionMask: UInt32 = 3
  private static let isAnswer: UInt32 = 1 << 2
  private static let needsAnswer: UInt32 = 1 << 3

  package let request: Request
  package private(set) var payload: [UInt8] = []

  package init(_ request: Request) { self.request = request }

  package init(_ request: Request, _ value: UInt64) {
    self.request = request
    append(value)
  }

  /// One number about one queue: its size, its position, whether it is enabled.
  package init(_ request: Request, queue: Int, _ value: UInt32) {
    self.request = request
    append(UInt32(queue))
    append(value)
  }

  /// Where the parts of a queue are, in addresses of this process.
  package init(queue: Int, descriptors: UInt64, available: UInt64, used: UInt64) {
    request = .setQueueAddresses
    append(UInt32(queue))
    append(0 as UInt32)
    append(descriptors)
    append(used)
    append(available)
    // No log of written pages.
    append(0 as UInt64)
  }

  /// The guest's memory: a descriptor goes along for each region.
  package init(memoryOf memory: GuestMemory) {
    request = .setMemoryTable
    append(UInt32(memory.regions.count))
    append(0 as UInt32)
    for region in memory.regions {
      append(region.guestAddress)
      append(region.byteCount)
      append(memory.hostAddress + region.fileOffset)
      append(region.fileOffset)
    }
  }

  private mutating func append<Value: FixedWidthInteger>(_ value: Value) {
    for shift in stride(from: 0, to: Value.bitWidth, by: 8) {
      payload.append(UInt8(truncatingIfNeeded: value >> Value(shift)))
    }
  }

  /// As it is sent. With `needsAnswer` the other side says whether it has done what is asked
  /// (REPLY_ACK).
  package func bytes(needsAnswer: Bool) -> [UInt8] {
    var header = self
    header.payload = []
    header.append(request.rawValue)
    header.append(Self.version | (needsAnswer ? Self.needsAnswer : 0))
    header.append(UInt32(payload.count))
    return header.payload + payload
  }

  /// Bytes of the payload that an answer's header announces; nil unless it answers this message.
  package func answerByteCount(_ header: [UInt8]) -> Int? {
    guard header.count == Self.headerByteCount else { return nil }
    let words = stride(from: 0, to: 12, by: 4).map { start in
      (0..<4).reduce(UInt32(0)) { $0 | UInt32(header[start + $1]) << UInt32(8 * $1) }
    }
    guard words[0] == request.rawValue, words[1] & Self.versionMask == Self.version,
      words[1] & Self.isAnswer != 0, words[2] <= UInt32(Self.answerByteLimit)
    else { return nil }
    return Int(words[2])
  }
}
