#if hasFeature(Embedded)
  import IX

  /// Echoes on every core and says which one serves; breaks a rule on one core where the arguments
  /// ask for it (`RULE on N`).
  @main
  struct Cores: Service {
    private var hasServed = false

    static func main() {
      if hasArgument("private") { checkPrivacy() }
      breakRule(on: coreIndex)
      do throws(IXError) {
        try listen(on: 7)
        try bind(on: 7)
      } catch {
        print("cores: port 7 cannot be listened on")
        exit(status: 1)
      }
      run(Cores())
    }

    mutating func received(_ bytes: consuming ReceivedBytes, on connection: Connection) {
      sayOnce()
      connection.send(bytes)
    }

    mutating func received(_ datagram: consuming ReceivedDatagram) {
      sayOnce()
      datagram.sendBack()
    }

    private mutating func sayOnce() {
      guard !hasServed else { return }
      hasServed = true
      say("serves")
    }
  }

  /// One line of this core.
  func say(_ what: StaticString) {
    print("cores: core ", terminator: "")
    print(coreIndex, terminator: " ")
    print(what)
  }

  /// Whether the arguments begin with `word`.
  func hasArgument(_ word: StaticString) -> Bool {
    let text = arguments
    guard text.byteCount >= word.utf8CodeUnitCount else { return false }
    for index in 0..<word.utf8CodeUnitCount
    where text.byte(at: index) != word.character(at: index) { return false }
    return true
  }

  /// Whether the arguments end in the digit of `core`.
  func isMeant(_ core: Int) -> Bool {
    let text = arguments
    return text.byteCount > 0
      && text.byte(at: text.byteCount - 1) == UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: core)
  }
#else
  @main struct HostStub { static func main() {} }
#endif
