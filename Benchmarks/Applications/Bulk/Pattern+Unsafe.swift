#if hasFeature(Embedded)
  import IX

  /// Bytes of which number n is n modulo 256, for ever in memory.
  @safe
  struct Pattern {
    /// A multiple of 256, so that one piece ends where the next begins.
    private static let byteCount = 256 << 10
    private let bytes: UnsafeRawBufferPointer

    init() {
      let memory = UnsafeMutableRawBufferPointer.allocate(
        byteCount: Self.byteCount, alignment: 4096)
      // SAFETY: every index is below the size of the memory, which is never freed.
      for index in 0..<Self.byteCount { unsafe memory[index] = UInt8(truncatingIfNeeded: index) }
      unsafe bytes = UnsafeRawBufferPointer(memory)
    }

    func send(on connection: Connection) {
      // SAFETY: the bytes never change and are never freed.
      unsafe connection.send(immortal: bytes)
    }
  }
#endif
