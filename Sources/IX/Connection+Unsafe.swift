extension Connection {
  /// Sends constant bytes from where they lie.
  public func send(_ text: StaticString) {
    // SAFETY: only the number is used; the bytes are part of the application's image.
    let address = unsafe UInt64(UInt(bitPattern: text.utf8Start))
    let chunk = Chunk(constant: address, byteCount: UInt32(clamping: text.utf8CodeUnitCount))
    Core.current.enqueue(chunk, on: self)
  }

  /// Sends the application's own bytes from where they lie, for as long as it keeps them unchanged:
  /// until `Service.returned(loan:)` is called with `token`, once for every loan, in any case.
  ///
  /// For large values with an owner that counts references; `SendBuffer` needs no such care.
  @unsafe
  public func send(lending bytes: UnsafeRawBufferPointer, token: UInt64) {
    let address = UInt64(UInt(bitPattern: bytes.baseAddress))
    let chunk = Chunk(lent: address, byteCount: UInt32(clamping: bytes.count), token: token)
    Core.current.enqueue(chunk, on: self)
  }

  /// Sends bytes that never change and are never freed, like a part of the application's image,
  /// from where they lie.
  @unsafe
  public func send(immortal bytes: UnsafeRawBufferPointer) {
    var sent = 0
    while sent < bytes.count {
      let count = min(bytes.count &- sent, Self.pieceByteCount)
      let address = UInt64(UInt(bitPattern: bytes.baseAddress)) &+ UInt64(sent)
      let chunk = Chunk(constant: address, byteCount: UInt32(truncatingIfNeeded: count))
      Core.current.enqueue(chunk, on: self)
      sent &+= count
    }
  }

  /// A queue entry counts its bytes in 32 bits.
  private static var pieceByteCount: Int { 1 << 30 }
}
