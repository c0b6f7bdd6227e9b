// set, add, replace, append, prepend, cas.

extension Server {
  /// Reads `<key> <flags> <exptime> <bytes> [<unique>] [noreply]`, and makes ready for the value.
  @inline(__always)
  mutating func startWrite(
    _ mode: Write.Mode, _ bytes: RawSpan, _ line: Fields, compares: Bool
  ) {
    var fields = line
    guard let key = fields.next(in: bytes), let flagsField = fields.next(in: bytes),
      let timeField = fields.next(in: bytes), let countField = fields.next(in: bytes)
    else { return reply("ERROR\r\n") }
    var uniqueField: Field?
    if compares {
      uniqueField = fields.next(in: bytes)
      guard uniqueField != nil else { return reply("ERROR\r\n") }
    }
    if let last = fields.next(in: bytes) {
      session.isQuiet = bytes.bytes(of: last).isEqual(to: "noreply")
      guard fields.next(in: bytes) == nil else {
        session.isQuiet = false
        return reply("ERROR\r\n")
      }
    }
    session.write = Write(mode: mode)
    guard key.byteCount <= Self.keyByteLimit,
      let flags = bytes.unsigned(flagsField).flatMap({ UInt32(exactly: $0) }),
      let time = bytes.signed(timeField),
      let count = bytes.unsigned(countField), count <= UInt64(Int32.max &- 2)
    else { return reply("CLIENT_ERROR bad command line format\r\n") }
    if let uniqueField {
      guard let unique = bytes.unsigned(uniqueField) else {
        return reply("CLIENT_ERROR bad command line format\r\n")
      }
      session.write.expected = unique
    }
    session.isMeta = false
    let refusal = beginValue(
      key: bytes.bytes(of: key), byteCount: count, flags: flags, expiry: store.expiry(time))
    if let refusal { refuse(refusal, key: bytes.bytes(of: key), byteCount: count) }
  }

  /// Says why a value is refused, and drops it.
  mutating func refuse(_ refusal: Refusal, key: RawSpan, byteCount: UInt64) {
    switch refusal {
    case .tooLarge: reply("SERVER_ERROR object too large for cache\r\n")
    case .outOfMemory: reply("SERVER_ERROR out of memory storing object\r\n")
    }
    refuseValue(key: key, byteCount: byteCount &+ 2)
  }

  mutating func finishTextWrite(_ item: Item) {
    let (outcome, stored) = store.commit(item, session.write)
    if stored != .none { store.release(stored) }
    switch outcome {
    case .stored: reply("STORED\r\n")
    case .notStored: reply("NOT_STORED\r\n")
    case .exists: reply("EXISTS\r\n")
    case .notFound: reply("NOT_FOUND\r\n")
    case .outOfMemory: reply("SERVER_ERROR out of memory storing object\r\n")
    }
  }
}
