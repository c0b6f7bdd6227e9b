/// The memory that holds all items. Chunk sizes and the counts in item headers are the store's own,
/// so they are what bounds an access; places are checked against the whole.
@safe
struct ItemMemory: ~Copyable {
  let byteCount: Int
  private let base: UnsafeMutableRawPointer

  /// `byteCount` bytes, not initialised.
  init(byteCount: Int) {
    self.byteCount = byteCount
    unsafe base = .allocate(byteCount: byteCount, alignment: 64)
  }

  deinit { unsafe base.deallocate() }

  subscript(item: Item) -> ItemHeader {
    @inline(__always)
    unsafeAddress {
      precondition(item.offset < byteCount, "no such item")
      // SAFETY: chunks begin with a header; the store hands out chunks inside the memory.
      return unsafe UnsafePointer((base + item.offset).assumingMemoryBound(to: ItemHeader.self))
    }
    @inline(__always)
    unsafeMutableAddress {
      precondition(item.offset < byteCount, "no such item")
      // SAFETY: as above.
      return unsafe (base + item.offset).assumingMemoryBound(to: ItemHeader.self)
    }
  }

  @inline(__always)
  @_lifetime(borrow self)
  func key(of item: Item) -> RawSpan {
    span(of: item, from: ItemHeader.byteCount, byteCount: Int(self[item].keyByteCount))
  }

  @inline(__always)
  @_lifetime(borrow self)
  func value(of item: Item) -> RawSpan {
    let header = self[item]
    let start = ItemHeader.byteCount &+ Int(header.keyByteCount)
    return span(of: item, from: start, byteCount: Int(header.valueByteCount))
  }

  /// The value and the line ending behind it.
  @inline(__always)
  @_lifetime(borrow self)
  func valueAndLineEnding(of item: Item) -> RawSpan {
    let header = self[item]
    let start = ItemHeader.byteCount &+ Int(header.keyByteCount)
    return span(of: item, from: start, byteCount: Int(header.valueByteCount) &+ 2)
  }

  /// The key of an item that stays where it is while the key is in use: one the caller holds a
  /// reference to, or one that nothing happens to.
  @_lifetime(immortal)
  func heldKey(of item: Item) -> RawSpan {
    // SAFETY: the memory lives as long as the store, a key never changes, and the caller sees to it
    // that the chunk is not used for another item.
    unsafe _overrideLifetime(key(of: item), copying: ())
  }

  @inline(__always)
  @_lifetime(borrow self)
  private func span(of item: Item, from start: Int, byteCount count: Int) -> RawSpan {
    precondition(item.offset &+ start &+ count <= byteCount, "an item outside its memory")
    // SAFETY: the range was checked. It is initialised: keys and values are written when an item
    // is made, and nobody is given an item before.
    let span = unsafe RawSpan(_unsafeStart: base + (item.offset &+ start), byteCount: count)
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  /// Writes `bytes` at `offset` of the value, whose line ending counts as part of it.
  @inline(__always)
  mutating func writeValue(of item: Item, at offset: Int, _ bytes: RawSpan) {
    let header = self[item]
    precondition(offset &+ bytes.byteCount <= Int(header.valueByteCount) &+ 2)
    write(bytes, at: item.offset &+ ItemHeader.byteCount &+ Int(header.keyByteCount) &+ offset)
  }

  /// Writes the line ending behind the value.
  @inline(__always)
  mutating func endValue(of item: Item) {
    let lineEnding: InlineArray<2, UInt8> = [13, 10]
    writeValue(of: item, at: Int(self[item].valueByteCount), lineEnding.bytes)
  }

  @inline(__always)
  mutating func writeKey(of item: Item, _ bytes: RawSpan) {
    precondition(bytes.byteCount == Int(self[item].keyByteCount))
    write(bytes, at: item.offset &+ ItemHeader.byteCount)
  }

  /// Copies the value of `source`, without line ending, to `offset` of the value of `target`.
  mutating func copyValue(of source: Item, to target: Item, at offset: Int) {
    // SAFETY: items do not overlap, and `writeValue` changes nothing but `target`.
    unsafe writeValue(of: target, at: offset, _overrideLifetime(value(of: source), copying: ()))
  }

  @inline(__always)
  private mutating func write(_ bytes: RawSpan, at offset: Int) {
    precondition(offset &+ bytes.byteCount <= byteCount, "an item outside its memory")
    guard bytes.byteCount > 0 else { return }
    // SAFETY: the range was checked; a request and the store's memory do not overlap.
    unsafe bytes.withUnsafeBytes {
      unsafe (base + offset).copyMemory(
        from: $0.baseAddress.unsafelyUnwrapped, byteCount: $0.count)
    }
  }
}
