// mg and me.

extension Server {
  /// `<key> <flags>*`
  mutating func metaGet(_ bytes: RawSpan, _ line: Fields) {
    var fields = line
    guard let keyField = metaKeyField(bytes, &fields) else { return }
    var options = MetaOptions()
    if let failure = options.read(bytes, fields) { return refuse(failure) }
    guard let key = metaKey(bytes, keyField, isBinary: options.has("b")) else { return }
    store.counters.metaCommands &+= 1
    store.counters.getCommands &+= 1
    var item = store.find(key, hash: store.hashValue(key))
    var hasWon = false
    if item != .none {
      store.counters.getHits &+= 1
    } else {
      countMiss()
      guard let vivifies = options.vivifies else {
        guard !options.has("q") else { return }
        replies.append("EN")
        return replyEcho(bytes, keyField, fields, isBinary: options.has("b"))
      }
      item = vivify(key, RawSpan(), seconds: vivifies, options)
      guard item != .none else {
        return replies.append("SERVER_ERROR out of memory storing object\r\n")
      }
      hasWon = true
    }
    answer(item, options, bytes, fields, hasWon: hasWon)
  }

  /// Makes the item a command found missing and asked for. It is linked, the caller has no
  /// reference.
  mutating func vivify(
    _ key: RawSpan, _ value: RawSpan, seconds: Int64, _ options: MetaOptions
  ) -> Item {
    let item = store.create(
      key: key, hash: store.hashValue(key), value: value, flags: 0, expiry: store.expiry(seconds),
      unique: options.unique)
    guard item != .none else { return item }
    store.memory[item].state.hasBinaryKey = options.has("b")
    store.release(item)
    return item
  }

  private mutating func answer(
    _ item: Item, _ options: MetaOptions, _ bytes: RawSpan, _ fields: Fields, hasWon: Bool
  ) {
    let isKnown = options.expected.map { $0 == store.memory[item].unique } ?? false
    let hasValue = options.has("v") && !isKnown
    if hasValue {
      reply(flag: "VA ", UInt64(store.memory[item].valueByteCount))
    } else {
      replies.append("HD")
    }
    let hasWonRenewal = replyFlags(of: item, options, bytes, fields, isNew: hasWon)
    replyWinner(item, hasWon: hasWon || hasWonRenewal)
    replies.append("\r\n")
    if hasValue { replyValue(of: item, withLineEnding: true) }
    if !options.has("u") { store.noteUse(of: item) }
  }

  /// Carries out and answers flags in their order. Returns whether the client is to renew the item.
  private mutating func replyFlags(
    of item: Item, _ options: MetaOptions, _ bytes: RawSpan, _ line: Fields, isNew: Bool
  ) -> Bool {
    var fields = line
    var hasWon = false
    while let field = fields.next(in: bytes) {
      let header = store.memory[item]
      switch Unicode.Scalar(bytes.octet(field.start)) {
      case "T":
        store.counters.touchCommands &+= 1
        store.counters.touchHits &+= 1
        store.memory[item].expiry = store.expiry(options.time ?? 0)
      case "R":
        let left = Int64(header.expiry) &- Int64(store.clock)
        hasWon =
          !isNew && header.expiry != 0 && !header.state.hasWinner && left < options.renewal ?? 0
      case "O":
        replies.append(" ")
        replies.append(bytes.bytes(of: field))
      case "k": replyKey(of: item)
      case "s": reply(flag: " s", UInt64(header.valueByteCount))
      case "t": replyTimeLeft(of: item)
      case "c": reply(flag: " c", header.unique)
      case "f": reply(flag: " f", UInt64(header.flags))
      case "l": reply(flag: " l", UInt64(store.clock &- header.accessed))
      case "h": replies.append(header.state.isFetched ? " h1" : " h0")
      default: break
      }
    }
    return hasWon
  }

  /// Says whether an item is out of date, and who is to renew it.
  private mutating func replyWinner(_ item: Item, hasWon: Bool) {
    let state = store.memory[item].state
    if state.hasWinner { replies.append(" Z") }
    if state.isStale { replies.append(" X") }
    guard hasWon || (state.isStale && !state.hasWinner) else { return }
    replies.append(" W")
    store.memory[item].state.hasWinner = true
  }

  /// `<key> [b]`
  mutating func metaDebug(_ bytes: RawSpan, _ line: Fields) {
    var fields = line
    guard let keyField = fields.next(in: bytes), keyField.byteCount <= Self.keyByteLimit else {
      return replies.append("CLIENT_ERROR bad command line format\r\n")
    }
    let isBinary = fields.lastField(in: bytes, is: "b") && fields.count(in: bytes) == 1
    guard let key = decodedKey(bytes, keyField, isBinary: isBinary) else {
      return replies.append("CLIENT_ERROR bad command line format\r\n")
    }
    let item = store.find(key, hash: store.hashValue(key))
    guard item != .none else { return replies.append("EN\r\n") }
    let header = store.memory[item]
    replies.append("ME ")
    replies.append(bytes.bytes(of: keyField))
    replies.append(" exp=-")
    replies.append(decimal: header.expiry == 0 ? 1 : UInt64(header.expiry &- store.clock))
    reply(flag: " la=", UInt64(store.clock &- header.accessed))
    reply(flag: " cas=", header.unique)
    replies.append(header.state.isFetched ? " fetch=yes" : " fetch=no")
    reply(flag: " cls=", UInt64(store.slabClass(of: item) &+ 1))
    reply(flag: " size=", UInt64(store.byteCount(of: item)))
    replies.append("\r\n")
  }
}
