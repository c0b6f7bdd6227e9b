/// The header of a binary request, 24 bytes.
struct BinaryHeader: BitwiseCopyable {
  static var byteCount: Int { 24 }
  static var requestMagic: UInt8 { 0x80 }
  static var replyMagic: UInt8 { 0x81 }

  var opcode: UInt8 = 0
  var extrasByteCount = 0
  var keyByteCount = 0
  /// Extras, key and value.
  var bodyByteCount = 0
  /// Comes back in the reply; the server does not look at it.
  var opaque: UInt32 = 0
  /// The item must still have this `unique`; 0 is any.
  var unique: UInt64 = 0

  init() {}

  /// Reads the header at the beginning of `bytes`.
  init(_ bytes: RawSpan) {
    opcode = bytes.octet(1)
    keyByteCount = Int(bytes.bigEndian(at: 2) as UInt16)
    extrasByteCount = Int(bytes.octet(4))
    bodyByteCount = Int(bytes.bigEndian(at: 8) as UInt32)
    opaque = bytes.integer(at: 12)
    unique = bytes.bigEndian(at: 16)
  }

  var valueByteCount: Int { bodyByteCount &- extrasByteCount &- keyByteCount }

  /// Header, extras and key: what must be there before a command can begin.
  var headByteCount: Int { Self.byteCount &+ extrasByteCount &+ keyByteCount }

  /// What the opcode stands for, nil when nothing.
  var command: BinaryCommand? { BinaryCommand(opcode: opcode) }

  /// Whether the parts are as long as the command wants them.
  func isWellFormed(for command: BinaryCommand) -> Bool {
    guard keyByteCount <= Server.keyByteLimit else { return false }
    switch command.action {
    case .get, .delete: return hasShape(extras: 0, key: true, value: false)
    case .set, .add, .replace: return hasShape(extras: 8, key: true, value: true)
    case .append, .prepend: return hasShape(extras: 0, key: true, value: true)
    case .increment, .decrement: return hasShape(extras: 20, key: true, value: false)
    case .touch, .getAndTouch: return hasShape(extras: 4, key: true, value: false)
    case .quit, .noop, .version: return bodyByteCount == 0
    case .flush:
      return hasShape(extras: extrasByteCount == 4 ? 4 : 0, key: false, value: false)
    case .stat: return extrasByteCount == 0 && valueByteCount == 0
    }
  }

  private func hasShape(extras: Int, key: Bool, value: Bool) -> Bool {
    extrasByteCount == extras && (keyByteCount > 0) == key && (value || valueByteCount == 0)
  }
}

/// What a binary request asks for.
struct BinaryCommand: BitwiseCopyable {
  enum Action: UInt8 {
    case get, set, add, replace, delete, increment, decrement, quit, flush, noop, version
    case append, prepend, stat, touch, getAndTouch
  }

  let action: Action
  /// Reply only to failures; for retrievals, only to hits.
  var isQuiet = false
  /// The reply to a retrieval has the key in it.
  var hasKey = false

  init?(opcode: UInt8) {
    switch opcode {
    case 0x00, 0x09, 0x0C, 0x0D: action = .get
    case 0x01, 0x11: action = .set
    case 0x02, 0x12: action = .add
    case 0x03, 0x13: action = .replace
    case 0x04, 0x14: action = .delete
    case 0x05, 0x15: action = .increment
    case 0x06, 0x16: action = .decrement
    case 0x07, 0x17: action = .quit
    case 0x08, 0x18: action = .flush
    case 0x0A: action = .noop
    case 0x0B: action = .version
    case 0x0E, 0x19: action = .append
    case 0x0F, 0x1A: action = .prepend
    case 0x10: action = .stat
    case 0x1C: action = .touch
    case 0x1D, 0x1E, 0x23, 0x24: action = .getAndTouch
    default: return nil
    }
    switch opcode {
    case 0x09, 0x0D, 0x11...0x1A, 0x1E, 0x24: isQuiet = true
    default: break
    }
    hasKey = opcode == 0x0C || opcode == 0x0D || opcode == 0x23 || opcode == 0x24
  }
}

/// Why a binary request failed.
enum BinaryStatus: UInt16 {
  case success = 0x00
  case notFound = 0x01
  case exists = 0x02
  case tooLarge = 0x03
  case invalid = 0x04
  case notStored = 0x05
  case notNumeric = 0x06
  case unknownCommand = 0x81
  case outOfMemory = 0x82

  var text: StaticString {
    switch self {
    case .success: ""
    case .notFound: "Not found"
    case .exists: "Data exists for key."
    case .tooLarge: "Too large."
    case .invalid: "Invalid arguments"
    case .notStored: "Not stored."
    case .notNumeric: "Non-numeric server-side value for incr or decr"
    case .unknownCommand: "Unknown command"
    case .outOfMemory: "Out of memory"
    }
  }
}
