// ms and md.

extension Server {
  /// `<key> <datalen> <flags>*`, before the value.
  mutating func metaSet(_ bytes: RawSpan, _ line: Fields) {
    var fields = line
    guard let keyField = metaKeyField(bytes, &fields) else { return }
    guard let countField = fields.next(in: bytes), let count = bytes.unsigned(countField),
      count <= UInt64(Int32.max &- 2)
    else { return replies.append("CLIENT_ERROR bad command line format\r\n") }
    store.counters.metaCommands &+= 1
    var options = MetaOptions()
    if let failure = options.read(bytes, fields) {
      refuse(failure)
      return swallow(byteCount: count &+ 2)
    }
    guard readWrite(options) else {
      replies.append("CLIENT_ERROR invalid mode for ms M token\r\n")
      return swallow(byteCount: count &+ 2)
    }
    guard let key = metaKey(bytes, keyField, isBinary: options.has("b")) else {
      return swallow(byteCount: count &+ 2)
    }
    let refusal = beginValue(
      key: key, byteCount: count, flags: options.flags, expiry: store.expiry(options.time ?? 0))
    if let refusal { return refuse(refusal, key: key, byteCount: count) }
    store.memory[session.item].state.hasBinaryKey = options.has("b")
    session.isQuiet = options.has("q")
    session.isMeta = true
    keepFlags(bytes, fields)
  }

  /// Fills in what the value will have to do; false when the mode is none.
  private mutating func readWrite(_ options: MetaOptions) -> Bool {
    session.write = Write()
    session.write.expected = options.expected
    session.write.unique = options.unique
    session.write.invalidates = options.has("I")
    session.write.vivifies = options.vivifies.map { store.expiry($0) }
    switch options.mode {
    case 0, UInt8(ascii: "S"): session.write.mode = .set
    case UInt8(ascii: "E"): session.write.mode = .add
    case UInt8(ascii: "A"): session.write.mode = .append
    case UInt8(ascii: "P"): session.write.mode = .prepend
    case UInt8(ascii: "R"): session.write.mode = .replace
    default: return false
    }
    return true
  }

  /// Keeps the flags for the reply, alone in the session's block.
  private mutating func keepFlags(_ bytes: RawSpan, _ fields: Fields) {
    let flags = bytes.extracting(fields.offset..<fields.end)
    if session.block != Blocks.none {
      blocks[session.block].write(flags, at: 0)
      session.blockStart = 0
      session.blockEnd = flags.byteCount
    } else if flags.byteCount > 0, !wait(with: flags) {
      store.release(session.item)
      session.item = .none
    }
  }

  mutating func finishMetaSet(_ item: Item) {
    store.retain(item)
    let (outcome, stored) = store.commit(item, session.write)
    if outcome != .stored || !session.isQuiet {
      switch outcome {
      case .stored: replies.append("HD")
      case .notStored: replies.append("NS")
      case .exists: replies.append("EX")
      case .notFound: replies.append("NF")
      case .outOfMemory: replies.append("SERVER_ERROR out of memory storing object")
      }
      if outcome != .outOfMemory { replyMetaSetFlags(item, stored) }
      replies.append("\r\n")
    }
    if stored != .none { store.release(stored) }
    store.release(item)
    releaseBlock()
  }

  private mutating func replyMetaSetFlags(_ item: Item, _ stored: Item) {
    let bytes = waitingBytes()
    var fields = Fields(start: 0, end: bytes.byteCount)
    while let field = fields.next(in: bytes) {
      switch Unicode.Scalar(bytes.octet(field.start)) {
      case "O":
        replies.append(" ")
        replies.append(bytes.bytes(of: field))
      case "k": replyKey(of: item)
      case "c": reply(flag: " c", stored == .none ? 0 : store.memory[stored].unique)
      case "s":
        let result = stored == .none ? item : stored
        reply(flag: " s", UInt64(store.memory[result].valueByteCount))
      default: break
      }
    }
  }

  /// `<key> <flags>*`
  mutating func metaDelete(_ bytes: RawSpan, _ line: Fields) {
    var fields = line
    guard let keyField = metaKeyField(bytes, &fields) else { return }
    var options = MetaOptions()
    if let failure = options.read(bytes, fields) { return refuseBriefly(failure) }
    guard let key = metaKey(bytes, keyField, isBinary: options.has("b")) else { return }
    store.counters.metaCommands &+= 1
    let item = store.find(key, hash: store.hashValue(key))
    if item == .none {
      store.counters.deleteMisses &+= 1
      replies.append("NF")
    } else if let expected = options.expected, store.memory[item].unique != expected {
      replies.append("EX")
    } else {
      store.counters.deleteHits &+= 1
      guard delete(item, options) else {
        return replies.append("SERVER_ERROR out of memory\r\n")
      }
      guard !options.has("q") else { return }
      replies.append("HD")
    }
    replyEcho(bytes, keyField, fields, isBinary: options.has("b"))
  }

  /// Deletes an item, or as much of it as the flags say. False without memory.
  private mutating func delete(_ item: Item, _ options: MetaOptions) -> Bool {
    guard options.has("I") || options.has("x") else {
      store.unlink(item)
      return true
    }
    var target = item
    if options.has("x") {
      target = store.emptied(item)
      guard target != .none else { return false }
    }
    store.memory[target].unique = options.unique ?? store.nextUnique()
    guard options.has("I") else { return true }
    if let time = options.time { store.memory[target].expiry = store.expiry(time) }
    store.memory[target].state.isStale = true
    store.memory[target].state.hasWinner = false
    return true
  }
}
