// ma.

extension Server {
  /// `<key> <flags>*`
  mutating func metaArithmetic(_ bytes: RawSpan, _ line: Fields) {
    var fields = line
    guard let keyField = metaKeyField(bytes, &fields) else { return }
    var options = MetaOptions()
    if let failure = options.read(bytes, fields) { return refuseBriefly(failure) }
    guard let delta = delta(options) else {
      return replies.append("CLIENT_ERROR invalid mode for ma M token\r\n")
    }
    guard let key = metaKey(bytes, keyField, isBinary: options.has("b")) else { return }
    store.counters.metaCommands &+= 1
    let item = store.find(key, hash: store.hashValue(key))
    guard item != .none else {
      countArithmeticMiss(decrements: delta.decrements)
      guard let vivifies = options.vivifies else {
        replies.append("NF")
        return replyEcho(bytes, keyField, fields, isBinary: options.has("b"))
      }
      let new = vivify(key, Decimal(options.initial).bytes, seconds: vivifies, options)
      guard new != .none else {
        return replies.append("SERVER_ERROR out of memory storing object\r\n")
      }
      return answer(new, options.initial, options, bytes, fields)
    }
    switch store.add(delta, to: item) {
    case .changed(let value, let item): answer(item, value, options, bytes, fields)
    case .notNumeric:
      replies.append("CLIENT_ERROR cannot increment or decrement non-numeric value\r\n")
    case .exists:
      replies.append("EX")
      replyEcho(bytes, keyField, fields, isBinary: options.has("b"))
    case .outOfMemory: replies.append("SERVER_ERROR out of memory in incr\r\n")
    }
  }

  private func delta(_ options: MetaOptions) -> Delta? {
    var delta = Delta(
      amount: options.amount, expected: options.expected, unique: options.unique)
    switch options.mode {
    case 0, UInt8(ascii: "I"), UInt8(ascii: "+"): delta.decrements = false
    case UInt8(ascii: "D"), UInt8(ascii: "-"): delta.decrements = true
    default: return nil
    }
    return delta
  }

  private mutating func answer(
    _ item: Item, _ value: UInt64, _ options: MetaOptions, _ bytes: RawSpan, _ line: Fields
  ) {
    if let time = options.time { store.memory[item].expiry = store.expiry(time) }
    guard !options.has("q") else { return }
    let digits = Decimal(value)
    if options.has("v") {
      reply(flag: "VA ", UInt64(digits.byteCount))
    } else {
      replies.append("HD")
    }
    var fields = line
    while let field = fields.next(in: bytes) {
      switch Unicode.Scalar(bytes.octet(field.start)) {
      case "t": replyTimeLeft(of: item)
      case "c": reply(flag: " c", store.memory[item].unique)
      case "k": replyKey(of: item)
      case "O":
        replies.append(" ")
        replies.append(bytes.bytes(of: field))
      default: break
      }
    }
    replies.append("\r\n")
    guard options.has("v") else { return }
    replies.append(digits.bytes)
    replies.append("\r\n")
  }
}
