import CX86

/// A ring from one core to one other, in memory both can reach: 64 slots of a cache line each.
///
/// Each position is written by one side only, on a line of its own, with a releasing store after
/// everything it covers; on x86 that is a plain store, and nothing here is locked.
package enum CoreRing {
  package static var capacity: Int { 64 }
  package static var slotByteCount: Int { 64 }
  /// Bytes of one ring: the two positions, then the slots.
  package static var byteCount: Int { 128 &+ capacity &* slotByteCount }

  /// The end that puts messages in.
  @safe
  package struct Sender: BitwiseCopyable {
    private let base: UnsafeMutableRawPointer
    /// Messages put in, modulo 2^32.
    package private(set) var position: UInt32 = 0
    /// Messages taken out, as far as this end has looked.
    package private(set) var takenPosition: UInt32 = 0

    /// `memory`, at least `byteCount` zeroed bytes, must stay valid; nobody else sends.
    package init(memory: MemoryRegion) {
      precondition(memory.byteCount >= CoreRing.byteCount, "too little room for a ring")
      // SAFETY: the caller vouches for the region.
      unsafe base = unsafe memory.pointer
    }

    /// Looks how far the other end has come.
    @inline(__always)
    package mutating func refresh() {
      // SAFETY: the second line holds the other end's position.
      takenPosition = unsafe x86_load_acquire32(base + 64)
    }

    @inline(__always)
    package var isFull: Bool { position &- takenPosition >= UInt32(CoreRing.capacity) }

    /// Puts a message in; false when the ring is full.
    package mutating func send<Message: BitwiseCopyable>(_ message: Message) -> Bool {
      if isFull { refresh() }
      guard !isFull else { return false }
      precondition(MemoryLayout<Message>.size <= CoreRing.slotByteCount, "a message is one slot")
      let slot = Int(position) & (CoreRing.capacity &- 1)
      // SAFETY: the slot lies in the ring, and the other end does not read it before the position.
      unsafe (base + (128 &+ slot &* CoreRing.slotByteCount)).storeBytes(
        of: message, as: Message.self)
      position &+= 1
      unsafe x86_store_release32(base, position)
      return true
    }
  }

  /// The end that takes them out, in order.
  @safe
  package struct Receiver: BitwiseCopyable {
    private let base: UnsafeMutableRawPointer
    private var position: UInt32 = 0

    /// As for the sender; nobody else receives.
    package init(memory: MemoryRegion) {
      precondition(memory.byteCount >= CoreRing.byteCount, "too little room for a ring")
      // SAFETY: the caller vouches for the region.
      unsafe base = unsafe memory.pointer
    }

    /// How many messages can be taken now.
    @inline(__always)
    package func waitingCount() -> Int {
      // SAFETY: the first line holds the sender's position.
      let sent = unsafe x86_load_acquire32(base)
      return Int(min(sent &- position, UInt32(CoreRing.capacity)))
    }

    /// Whether there is a message: less to do than to count them, in every cycle of every core.
    @inline(__always)
    package func hasMessage() -> Bool {
      // SAFETY: as above.
      unsafe x86_load_acquire32(base) != position
    }

    /// The oldest message, of which there is one. It stays where it is until `release`.
    @inline(__always)
    package func oldest<Message: BitwiseCopyable>(_ type: Message.Type) -> Message {
      let slot = Int(position) & (CoreRing.capacity &- 1)
      // SAFETY: the sender, kernel code like this, has stored a message of this type there.
      return unsafe (base + (128 &+ slot &* CoreRing.slotByteCount)).load(as: Message.self)
    }

    /// The oldest message, and whatever it lends, is not needed any more.
    @inline(__always)
    package mutating func release() {
      position &+= 1
      // SAFETY: the second line holds this end's position.
      unsafe x86_store_release32(base + 64, position)
    }
  }
}
