// Commands of one line: incr, decr, delete, touch, flush_all, verbosity.

extension Server {
  /// `<key> <amount> [noreply]`
  mutating func arithmetic(_ bytes: RawSpan, _ line: Fields, decrements: Bool) {
    var fields = line
    guard let key = fields.next(in: bytes), let amountField = fields.next(in: bytes),
      fields.count(in: bytes) <= 1
    else { return reply("ERROR\r\n") }
    readNoReply(bytes, fields)
    guard key.byteCount <= Self.keyByteLimit else {
      return reply("CLIENT_ERROR bad command line format\r\n")
    }
    guard let amount = bytes.unsigned(amountField) else {
      return reply("CLIENT_ERROR invalid numeric delta argument\r\n")
    }
    let name = bytes.bytes(of: key)
    let item = store.find(name, hash: store.hashValue(name))
    guard item != .none else {
      countArithmeticMiss(decrements: decrements)
      return reply("NOT_FOUND\r\n")
    }
    switch store.add(Delta(amount: amount, decrements: decrements), to: item) {
    case .changed(let value, _):
      guard !session.isQuiet else { return }
      replies.append(decimal: value)
      replies.append("\r\n")
    case .notNumeric:
      reply("CLIENT_ERROR cannot increment or decrement non-numeric value\r\n")
    case .exists: reply("EXISTS\r\n")
    case .outOfMemory: reply("SERVER_ERROR out of memory in incr\r\n")
    }
  }

  mutating func countArithmeticMiss(decrements: Bool) {
    if decrements {
      store.counters.decrementMisses &+= 1
    } else {
      store.counters.incrementMisses &+= 1
    }
  }

  /// `<key> [0] [noreply]`
  mutating func delete(_ bytes: RawSpan, _ line: Fields) {
    var fields = line
    guard let key = fields.next(in: bytes), fields.count(in: bytes) <= 3 else {
      return reply("ERROR\r\n")
    }
    readNoReply(bytes, fields)
    if let second = fields.next(in: bytes) {
      let isZero = bytes.bytes(of: second).isEqual(to: "0")
      let rest = fields.count(in: bytes)
      guard (rest == 0 && (isZero || session.isQuiet)) || (rest == 1 && isZero && session.isQuiet)
      else {
        return reply("CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n")
      }
    }
    guard key.byteCount <= Self.keyByteLimit else {
      return reply("CLIENT_ERROR bad command line format\r\n")
    }
    let name = bytes.bytes(of: key)
    let item = store.find(name, hash: store.hashValue(name))
    guard item != .none else {
      store.counters.deleteMisses &+= 1
      return reply("NOT_FOUND\r\n")
    }
    store.counters.deleteHits &+= 1
    store.unlink(item)
    reply("DELETED\r\n")
  }

  /// `<key> <exptime> [noreply]`
  mutating func touch(_ bytes: RawSpan, _ line: Fields) {
    var fields = line
    guard let key = fields.next(in: bytes), let timeField = fields.next(in: bytes),
      fields.count(in: bytes) <= 1
    else { return reply("ERROR\r\n") }
    readNoReply(bytes, fields)
    guard key.byteCount <= Self.keyByteLimit else {
      return reply("CLIENT_ERROR bad command line format\r\n")
    }
    guard let time = bytes.signed(timeField) else {
      return reply("CLIENT_ERROR invalid exptime argument\r\n")
    }
    store.counters.touchCommands &+= 1
    let name = bytes.bytes(of: key)
    let item = store.find(name, hash: store.hashValue(name))
    guard item != .none else {
      store.counters.touchMisses &+= 1
      return reply("NOT_FOUND\r\n")
    }
    store.counters.touchHits &+= 1
    store.memory[item].expiry = store.expiry(time)
    store.noteUse(of: item)
    reply("TOUCHED\r\n")
  }

  /// `[delay] [noreply]`
  mutating func flushAll(_ bytes: RawSpan, _ line: Fields) {
    var fields = line
    let count = fields.count(in: bytes)
    guard count <= 2 else { return reply("ERROR\r\n") }
    readNoReply(bytes, fields)
    store.counters.flushCommands &+= 1
    if count > (session.isQuiet ? 1 : 0), let field = fields.next(in: bytes) {
      guard let delay = bytes.signed(field) else {
        return reply("CLIENT_ERROR invalid exptime argument\r\n")
      }
      store.flush(after: delay)
    } else {
      store.flush()
    }
    reply("OK\r\n")
  }

  /// `<level> [noreply]`; there is nothing to be verbose about.
  mutating func verbosity(_ bytes: RawSpan, _ line: Fields) {
    var fields = line
    let count = fields.count(in: bytes)
    guard count >= 1, count <= 2 else { return reply("ERROR\r\n") }
    readNoReply(bytes, fields)
    guard let field = fields.next(in: bytes), bytes.unsigned(field) != nil else {
      return reply("CLIENT_ERROR bad command line format\r\n")
    }
    reply("OK\r\n")
  }
}
