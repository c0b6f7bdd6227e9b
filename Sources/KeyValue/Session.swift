/// Where one connection stands in its protocol.
struct Session: BitwiseCopyable {
  enum Phase: UInt8 {
    /// Nobody is connected.
    case closed
    /// A command comes next, or the rest of one.
    case command
    /// In the keys of a retrieval command, up to the end of its line.
    case keys
    /// A value arrives, into the memory of its item.
    case value
    /// Bytes that belong to a refused command are dropped.
    case swallow
    /// A refused line is dropped to its end.
    case skipLine
    /// The connection is to be closed; nothing is read any more.
    case closing
  }

  /// The first byte decides.
  enum Format: UInt8 { case undecided, text, binary }

  var phase = Phase.closed
  var format = Format.undecided
  /// The command wants no reply, or only in case of failure.
  var isQuiet = false

  /// A block with the beginning of a request, or with the flags of a meta command whose value is
  /// awaited: bytes `blockStart..<blockEnd` of it.
  var block = Blocks.none
  var blockStart = 0
  var blockEnd = 0

  /// Retrieval: replies name `unique`; items get `expiry`.
  var namesUnique = false
  var touches = false
  var expiry: UInt32 = 0

  /// Storage: the item, held with one reference; how much of its value is there; what to do then.
  var item = Item.none
  var receivedByteCount = 0
  var write = Write()
  /// The value belongs to `ms`.
  var isMeta = false
  /// The value belongs to this binary request.
  var request = BinaryHeader()

  /// Bytes still to be dropped.
  var swallowByteCount: UInt64 = 0

  /// A command of the text protocol comes next, and nothing of it has come yet.
  @inline(__always)
  var isIdleText: Bool { phase == .command && format == .text && block == Blocks.none }
}
