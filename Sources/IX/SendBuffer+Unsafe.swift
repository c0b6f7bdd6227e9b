/// Memory for bytes to be sent, owned by one place at a time. Handing it to `Connection.send` gives
/// it away, so nothing can change or free the bytes while they are in flight; the library frees it
/// when the peer has acknowledged them.
@safe
@frozen
public struct SendBuffer: ~Copyable {
  /// Bytes there is room for.
  public let capacity: Int
  /// Bytes appended so far.
  public private(set) var byteCount = 0
  private let base: UnsafeMutableRawPointer

  /// Room for `capacity` bytes from the core's heap; running out of heap ends the application.
  public init(capacity: Int) {
    self.capacity = max(capacity, 1)
    unsafe base = .allocate(byteCount: self.capacity, alignment: 16)
  }

  deinit { unsafe base.deallocate() }

  /// Bytes that can still be appended.
  public var freeByteCount: Int { capacity &- byteCount }

  /// Appends a copy of `bytes`. There must be room.
  public mutating func append(_ bytes: RawSpan) {
    precondition(bytes.byteCount <= freeByteCount, "a send buffer is too small")
    guard bytes.byteCount > 0 else { return }
    // SAFETY: there is room; the memory is this buffer's alone.
    unsafe bytes.withUnsafeBytes {
      unsafe (base + byteCount).copyMemory(
        from: $0.baseAddress.unsafelyUnwrapped, byteCount: $0.count)
    }
    byteCount &+= bytes.byteCount
  }

  /// Appends a constant. There must be room.
  public mutating func append(_ text: StaticString) {
    // SAFETY: a static string's bytes live for ever.
    unsafe append(RawSpan(_unsafeStart: text.utf8Start, byteCount: text.utf8CodeUnitCount))
  }

  /// Appends one byte. There must be room.
  public mutating func append(_ byte: UInt8) {
    precondition(freeByteCount > 0, "a send buffer is too small")
    // SAFETY: there is room.
    unsafe base.storeBytes(of: byte, toByteOffset: byteCount, as: UInt8.self)
    byteCount &+= 1
  }

  /// Appends `value` in decimal digits, at most 20. There must be room.
  public mutating func append(decimal value: UInt64) {
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var first = digits.count
    var rest = value
    repeat {
      first &-= 1
      digits[first] = UInt8(truncatingIfNeeded: rest % 10) &+ UInt8(ascii: "0")
      rest /= 10
    } while rest > 0
    while first < digits.count {
      append(digits[first])
      first &+= 1
    }
  }

  /// The bytes appended so far, to be read or changed.
  public var bytes: MutableRawSpan {
    @_lifetime(&self)
    mutating get {
      // SAFETY: `byteCount` bytes of the memory are initialised and this buffer's alone.
      let span = unsafe MutableRawSpan(_unsafeStart: base, byteCount: byteCount)
      return unsafe _overrideLifetime(span, mutating: &self)
    }
  }

  /// Ownership as a queue entry: the memory is freed when the entry is done.
  consuming func relinquish() -> Chunk {
    let chunk = unsafe Chunk(
      block: UInt64(UInt(bitPattern: base)), byteCount: UInt32(clamping: byteCount),
      capacity: UInt32(clamping: capacity))
    discard self
    return chunk
  }
}

extension Chunk {
  /// Frees the memory of a chunk that came from a `SendBuffer`.
  func freeBlock() {
    // SAFETY: the address is that of a block which `relinquish` gave away, once.
    unsafe UnsafeMutableRawPointer(bitPattern: UInt(address)).unsafelyUnwrapped.deallocate()
  }

  /// Appends to a chunk in a block of the heap or the pool that the kernel has not seen; false when
  /// there is no room.
  mutating func append(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount <= Int(capacity &- byteCount) else { return false }
    // SAFETY: the block has `capacity` bytes and is the library's alone.
    unsafe bytes.withUnsafeBytes {
      guard let source = $0.baseAddress else { return }
      let end = unsafe UnsafeMutableRawPointer(bitPattern: UInt(address) &+ UInt(byteCount))
      unsafe end.unsafelyUnwrapped.copyMemory(from: source, byteCount: $0.count)
    }
    byteCount &+= UInt32(truncatingIfNeeded: bytes.byteCount)
    return true
  }
}
