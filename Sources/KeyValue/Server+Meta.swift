// What the meta commands share: keys, refusals, and the flags of replies.

extension Server {
  /// The key of a meta command, decoded if it is base64; after a reply, nil.
  @_lifetime(copy bytes)
  mutating func metaKey(_ bytes: RawSpan, _ field: Field, isBinary: Bool) -> RawSpan? {
    guard let key = decodedKey(bytes, field, isBinary: isBinary) else {
      replies.append("CLIENT_ERROR error decoding key\r\n")
      return nil
    }
    return key
  }

  /// A key, decoded if it is base64; nil if it is none.
  @_lifetime(copy bytes)
  func decodedKey(_ bytes: RawSpan, _ field: Field, isBinary: Bool) -> RawSpan? {
    guard isBinary else { return bytes.bytes(of: field) }
    guard let count = Base64.decode(bytes.bytes(of: field), into: scratch),
      count > 0, count <= Self.keyByteLimit
    else { return nil }
    return scratch.bytes(0, count)
  }

  /// The first field of a meta command if it can be a key; after a reply, nil.
  mutating func metaKeyField(_ bytes: RawSpan, _ fields: inout Fields) -> Field? {
    guard let field = fields.next(in: bytes) else {
      replies.append("ERROR\r\n")
      return nil
    }
    guard field.byteCount <= Self.keyByteLimit else {
      replies.append("CLIENT_ERROR bad command line format\r\n")
      return nil
    }
    return field
  }

  mutating func refuse(_ failure: MetaOptions.Failure) {
    switch failure {
    case .tooMany: replies.append("CLIENT_ERROR options flags are too long\r\n")
    case .duplicate: replies.append("CLIENT_ERROR duplicate flag\r\n")
    case .unknown: replies.append("CLIENT_ERROR invalid flag\r\n")
    case .badToken: replies.append("CLIENT_ERROR bad token in command line format\r\n")
    case .badFlags: replies.append("CLIENT_ERROR bad command line format\r\n")
    case .modeLength: replies.append("CLIENT_ERROR incorrect length for M token\r\n")
    case .opaqueLength: replies.append("CLIENT_ERROR opaque token too long\r\n")
    }
  }

  /// `md` and `ma` say less about what is wrong.
  mutating func refuseBriefly(_ failure: MetaOptions.Failure) {
    switch failure {
    case .opaqueLength, .tooMany: refuse(failure)
    case .duplicate, .unknown, .badToken, .badFlags, .modeLength:
      replies.append("CLIENT_ERROR invalid or duplicate flag\r\n")
    }
  }

  /// ` k` and the key of `item`.
  mutating func replyKey(of item: Item) {
    replies.append(" k")
    let key = store.memory.heldKey(of: item)
    guard store.memory[item].state.hasBinaryKey else { return replies.append(key) }
    Base64.encode(key, into: &replies)
    replies.append(" b")
  }

  /// What a reply without an item repeats of its command: key and opaque.
  mutating func replyEcho(_ bytes: RawSpan, _ key: Field, _ line: Fields, isBinary: Bool) {
    var fields = line
    while let field = fields.next(in: bytes) {
      switch Unicode.Scalar(bytes.octet(field.start)) {
      case "O":
        replies.append(" ")
        replies.append(bytes.bytes(of: field))
      case "k":
        replies.append(" k")
        replies.append(bytes.bytes(of: key))
        if isBinary { replies.append(" b") }
      default: break
      }
    }
    replies.append("\r\n")
  }

  /// ` t` and the seconds an item has left.
  mutating func replyTimeLeft(of item: Item) {
    replies.append(" t")
    let expiry = store.memory[item].expiry
    if expiry == 0 || expiry < store.clock {
      replies.append("-1")
    } else {
      replies.append(decimal: UInt64(expiry &- store.clock))
    }
  }

  mutating func reply(flag: StaticString, _ value: UInt64) {
    replies.append(flag)
    replies.append(decimal: value)
  }
}
