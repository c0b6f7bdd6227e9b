import Packets

/// A piece of memory that an application wants sent: 24 bytes of a pool shared by all connections
/// of a core.
struct SendElement: BitwiseCopyable {
  var address = KernelAddress(0)
  var byteCount: UInt32 = 0
  var next = PacketPool.none
  /// The packet buffer the piece lies in, retained; `none` for the application's own memory.
  var retained = PacketPool.none
  /// The application has returned the buffer with the call that sent it: it counts against the
  /// connection's receive window until the piece is given back.
  var isReturned = false
}

/// Received buffers that go back with the pieces sent from them.
struct ReturnedBuffers: BitwiseCopyable {
  var bufferCount: UInt32 = 0
  var byteCount: UInt32 = 0
}

/// A byte of a send queue: an element and the offset in it.
struct SendPosition: BitwiseCopyable {
  var element = PacketPool.none
  var offset: UInt32 = 0
}

/// The core's send elements.
struct SendElementPool: ~Copyable {
  private var elements: Table<SendElement>
  /// Those that were used and can be used again; others are made when these are used up.
  private var firstFree = PacketPool.none
  private(set) var freeCount: Int

  init?(count: Int, arena: inout Arena) {
    guard let elements = arena.carve(capacity: count, of: SendElement.self) else { return nil }
    self.elements = elements
    freeCount = count
  }

  subscript(_ index: UInt32) -> SendElement {
    @inline(__always) get { elements[index] }
    @inline(__always) _modify { yield &elements[index] }
  }

  @inline(__always)
  mutating func allocate() -> UInt32? {
    let index = firstFree
    guard index != PacketPool.none else { return make() }
    firstFree = elements[index].next
    freeCount &-= 1
    return index
  }

  private mutating func make() -> UInt32? {
    guard let index = elements.append(SendElement()) else { return nil }
    freeCount &-= 1
    return index
  }

  /// Frees the element, and its packet buffer.
  @inline(__always)
  mutating func free(_ index: UInt32, pool: inout PacketPool) {
    let retained = elements[index].retained
    if retained != PacketPool.none { pool.release(PacketBuffer(adopting: retained)) }
    elements[index].next = firstFree
    firstFree = index
    freeCount &+= 1
  }
}

/// What one connection has to send and has sent: a list of elements, from the oldest byte that the
/// application has not got back to the newest.
struct SendQueue: BitwiseCopyable {
  private var head = PacketPool.none
  private var tail = PacketPool.none
  /// Bytes of the head that have been given back already.
  private var releasedOfHead: UInt32 = 0
  private(set) var elementCount: UInt32 = 0
  /// The next byte to be sent for the first time.
  private(set) var unsent = SendPosition()
  private(set) var unsentByteCount: UInt32 = 0

  /// Most bytes a queue takes: sequence numbers must stay comparable.
  static var byteLimit: UInt32 { 1 << 29 }

  var isEmpty: Bool { head == PacketPool.none }

  /// Queues a piece, as part of the last one if it continues it. `retained` is an owned reference
  /// to the buffer it lies in. False when there is no element left; then nothing is taken.
  mutating func append(
    address: KernelAddress, byteCount: UInt32, buffer: UInt32, elementLimit: UInt32,
    elements: inout SendElementPool, pool: inout PacketPool
  ) -> Bool {
    if tail != PacketPool.none, elements[tail].retained == buffer, !elements[tail].isReturned,
      elements[tail].address + Int(elements[tail].byteCount) == address,
      elements[tail].byteCount &+ byteCount <= Self.byteLimit
    {
      elements[tail].byteCount &+= byteCount
      unsentByteCount &+= byteCount
      return true
    }
    guard elementCount < elementLimit, let index = elements.allocate() else { return false }
    if buffer != PacketPool.none { _ = pool.retain(buffer).relinquish() }
    link(
      index, SendElement(address: address, byteCount: byteCount, retained: buffer),
      elements: &elements)
    return true
  }

  /// Queues a piece of a received buffer and takes over the application's reference to it. False
  /// when there is no element left; then nothing is taken.
  @inline(__always)
  mutating func appendReceived(
    _ buffer: UInt32, address: KernelAddress, byteCount: UInt32, elementLimit: UInt32,
    elements: inout SendElementPool
  ) -> Bool {
    guard elementCount < elementLimit, let index = elements.allocate() else { return false }
    link(
      index,
      SendElement(address: address, byteCount: byteCount, retained: buffer, isReturned: true),
      elements: &elements)
    return true
  }

  @inline(__always)
  private mutating func link(
    _ index: UInt32, _ element: SendElement, elements: inout SendElementPool
  ) {
    elements[index] = element
    if tail == PacketPool.none { head = index } else { elements[tail].next = index }
    tail = index
    elementCount &+= 1
    // Never left at the end of an element that may be freed before the byte it stands for.
    if unsentByteCount == 0 { unsent = SendPosition(element: index) }
    unsentByteCount &+= element.byteCount
  }

  /// Moves the first-transmission cursor over `byteCount` bytes that were just sent.
  @inline(__always)
  mutating func advance(by byteCount: UInt32, elements: borrowing SendElementPool) {
    unsentByteCount &-= byteCount
    Self.advance(&unsent, by: byteCount, elements: elements)
  }

  /// The same for all bytes there are, which lie in the element of the cursor.
  @inline(__always)
  mutating func advanceToEnd() {
    unsent.offset &+= unsentByteCount
    unsentByteCount = 0
  }

  /// Moves `position` forward; it stays at the end of the last element when there is no further.
  @inline(__always)
  static func advance(
    _ position: inout SendPosition, by byteCount: UInt32, elements: borrowing SendElementPool
  ) {
    var remaining = byteCount
    while position.element != PacketPool.none {
      let element = elements[position.element]
      let rest = element.byteCount &- position.offset
      guard remaining >= rest, element.next != PacketPool.none else { break }
      remaining &-= rest
      position = SendPosition(element: element.next)
    }
    position.offset &+= remaining
  }

  /// Gives back the oldest `byteCount` bytes, all of which have been sent; the received buffers that
  /// go back with them.
  @inline(__always)
  mutating func release(
    _ byteCount: UInt32, elements: inout SendElementPool, pool: inout PacketPool
  ) -> ReturnedBuffers {
    if head != PacketPool.none, elements[head].byteCount &- releasedOfHead == byteCount {
      return releaseHead(elements: &elements, pool: &pool)
    }
    return releaseMany(byteCount, elements: &elements, pool: &pool)
  }

  /// Gives the head back, what is left of it.
  @inline(__always)
  private mutating func releaseHead(
    elements: inout SendElementPool, pool: inout PacketPool
  ) -> ReturnedBuffers {
    var returned = ReturnedBuffers()
    if elements[head].isReturned {
      returned.bufferCount = 1
      returned.byteCount = UInt32(pool[elements[head].retained].payloadByteCount)
    }
    freeHead(elements: &elements, pool: &pool)
    return returned
  }

  @inline(never)
  private mutating func releaseMany(
    _ byteCount: UInt32, elements: inout SendElementPool, pool: inout PacketPool
  ) -> ReturnedBuffers {
    var remaining = byteCount
    var returned = ReturnedBuffers()
    while head != PacketPool.none {
      let element = elements[head]
      let rest = element.byteCount &- releasedOfHead
      guard remaining >= rest else { break }
      remaining &-= rest
      let piece = releaseHead(elements: &elements, pool: &pool)
      returned.bufferCount &+= piece.bufferCount
      returned.byteCount &+= piece.byteCount
    }
    releasedOfHead &+= remaining
    return returned
  }

  /// Gives everything back, sent or not.
  mutating func removeAll(elements: inout SendElementPool, pool: inout PacketPool) {
    while head != PacketPool.none { freeHead(elements: &elements, pool: &pool) }
    unsentByteCount = 0
  }

  @inline(__always)
  private mutating func freeHead(elements: inout SendElementPool, pool: inout PacketPool) {
    let next = elements[head].next
    if unsent.element == head { unsent = SendPosition(element: next) }
    elements.free(head, pool: &pool)
    head = next
    if next == PacketPool.none { tail = next }
    releasedOfHead = 0
    elementCount &-= 1
  }

  /// Lists the memory of up to `byteCount` bytes from `position`; the number of fragments and the
  /// bytes they hold, which are fewer when the bytes lie in more pieces than a frame may have.
  @inline(__always)
  static func gather(
    _ byteCount: UInt32, from position: SendPosition, elements: borrowing SendElementPool,
    into fragments: inout InlineArray<18, Fragment>
  ) -> (fragmentCount: Int, byteCount: UInt32) {
    var position = position
    var count = 0
    var gathered: UInt32 = 0
    while gathered < byteCount, position.element != PacketPool.none, count < Fragment.limit {
      let element = elements[position.element]
      let piece = min(element.byteCount &- position.offset, byteCount &- gathered)
      if piece > 0 {
        fragments[count] = Fragment(
          address: element.address + Int(position.offset), byteCount: Int(piece))
        count &+= 1
        gathered &+= piece
      }
      position = SendPosition(element: element.next)
    }
    return (count, gathered)
  }
}
