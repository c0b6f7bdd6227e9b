import Drivers
import Packets

/// A virtio device as its driver sees it: registers with the behaviour of virtio 1.1, and queues in
/// the memory of the test, where device and kernel addresses are the same. Records every access.
final class FakeVirtioDevice {
  /// One access to a register.
  struct Access: Equatable, CustomStringConvertible {
    var part: String
    var isWrite: Bool
    var width: Int
    var offset: Int
    var value: UInt64
    var description: String {
      "\(part)[\(offset)]:\(width) \(isWrite ? "<-" : "->") \(value)"
    }
  }

  struct Queue {
    var limit = 256
    var size = 0
    var isEnabled = false
    var descriptors: UInt64 = 0
    var available: UInt64 = 0
    var used: UInt64 = 0
    /// Chains taken from the available ring.
    var taken: UInt16 = 0
    /// Chains put into the used ring.
    var put: UInt16 = 0
    /// Times the doorbell was rung.
    var notificationCount = 0
  }

  var offered: UInt64
  var accepted: UInt64 = 0
  var status: UInt8 = 0
  var kind: UInt32 = 1
  var queues: [Queue]
  var configuration: [UInt8]
  var generation: UInt8 = 0
  var interruptStatus: UInt8 = 0
  /// The configuration changes between any two looks at its generation.
  var isRestless = false
  var refusesFeatures = false
  var refusesReset = false
  /// The queue for commands, those received, and what is answered: 0 is success.
  var controlQueue: Int?
  var commands: [[UInt8]] = []
  var commandAnswer: UInt8 = 0
  /// Register doorbell offsets, in strides.
  var doorbellIndex: [UInt16] = [0, 1]
  var trace: [Access] = []
  var isRecording = true

  var featureSelect: UInt32 = 0
  var queueSelect = 0

  static let address: [UInt8] = [0x52, 0x54, 0x00, 0x12, 0x34, 0x56]

  /// Everything our driver can use, and some it does not want (MRG_RXBUF, EVENT_IDX).
  static let defaultFeatures: UInt64 =
    1 << 0 | 1 << 1 | 1 << 5 | 1 << 11 | 1 << 15 | 1 << 16 | 1 << 28 | 1 << 29 | 1 << 32

  init(offered: UInt64 = FakeVirtioDevice.defaultFeatures, queueSize: Int = 256) {
    self.offered = offered
    queues = [Queue(limit: queueSize), Queue(limit: queueSize)]
    configuration = Self.address + [1, 0, 1, 0, 0, 0]
  }

  func writeStatus(_ value: UInt8) {
    guard value != 0 else {
      guard !refusesReset else { return }
      status = 0
      accepted = 0
      for index in queues.indices { queues[index] = Queue(limit: queues[index].limit) }
      return
    }
    status = refusesFeatures ? value & ~8 : value
  }

  func readFeatures() -> UInt32 {
    featureSelect < 2 ? UInt32(truncatingIfNeeded: offered >> (32 * UInt64(featureSelect))) : 0
  }

  func writeFeatures(_ value: UInt32) {
    guard featureSelect < 2 else { return }
    let shift = 32 * UInt64(featureSelect)
    accepted = accepted & ~(0xFFFF_FFFF << shift) | UInt64(value) << shift
  }

  func readGeneration() -> UInt8 {
    if isRestless { generation &+= 1 }
    return generation
  }

  func notify(_ queue: Int) {
    queues[queue].notificationCount += 1
    if queue == controlQueue { obey() }
  }

  /// Takes a command of the control queue, keeps it and answers.
  private func obey() {
    guard let controlQueue, let chain = takeChain(controlQueue) else { return }
    commands.append(chain.bytes)
    if let answer = chain.pieces.last, answer.isWritable {
      store(commandAnswer, at: answer.address)
    }
    putUsed(controlQueue, identifier: UInt32(chain.head), byteCount: 1)
  }

  func record(_ part: String, isWrite: Bool, width: Int, offset: Int, value: UInt64) {
    guard isRecording else { return }
    trace.append(
      Access(part: part, isWrite: isWrite, width: width, offset: offset, value: value))
  }

  /// The selected queue; one that does not exist has size 0.
  var selected: Queue {
    get { queueSelect < queues.count ? queues[queueSelect] : Queue(limit: 0) }
    set {
      guard queueSelect < queues.count else { return }
      queues[queueSelect] = newValue
    }
  }
}

/// Half of a 64-bit address, replaced.
func replacing(_ half: Int, of address: UInt64, with value: UInt64) -> UInt64 {
  half == 0
    ? address & 0xFFFF_FFFF_0000_0000 | value : address & 0xFFFF_FFFF | value << 32
}
