import Testing

@testable import KeyValue

/// A server and the bytes of its clients, for tests.
struct Peer: ~Copyable {
  var server: Server
  /// Bytes one turn may answer with.
  var room = 1 << 20
  /// Returns loans as soon as their bytes are copied; otherwise keeps them in `loans`.
  var returnsLoans = true
  var loans: [UInt64] = []
  var isClosed = false

  init(_ settings: Settings = Settings(memoryLimit: 4 << 20)) {
    server = Server(settings)
    _ = server.connected(0)
  }

  /// Sends `bytes` on a connection and returns what comes back. What the server does not consume is
  /// presented again, as an application does.
  mutating func send(_ bytes: some Collection<UInt8>, on number: UInt32 = 0) -> [UInt8] {
    var reply: [UInt8] = []
    var rest = Array(bytes)
    while !isClosed {
      let progress = server.receive(rest.span.bytes, on: number, room: room)
      rest.removeFirst(progress.consumedByteCount)
      isClosed = progress.wantsClose
      takeReplies(&reply)
      guard progress.isBlocked else {
        #expect(rest.isEmpty || isClosed)
        break
      }
    }
    return reply
  }

  mutating func send(_ text: String, on number: UInt32 = 0) -> String {
    String(decoding: send(Array(text.utf8), on: number), as: UTF8.self)
  }

  private mutating func takeReplies(_ reply: inout [UInt8]) {
    for index in 0..<server.replyCount {
      server.replyBytes(index).withUnsafeBytes { reply += $0 }
      guard let loan = server.replyLoan(index) else { continue }
      if returnsLoans { server.returned(loan: loan) } else { loans.append(loan) }
    }
  }

  mutating func returnLoans() {
    for loan in loans { server.returned(loan: loan) }
    loans = []
  }

  /// A set command.
  mutating func set(_ key: String, _ value: [UInt8], time: Int = 0) -> String {
    let line = Array("set \(key) 0 \(time) \(value.count)\r\n".utf8)
    return String(decoding: send(line + value + [13, 10]), as: UTF8.self)
  }

  func statistic(_ name: KeyPath<Counters, UInt64>) -> UInt64 {
    server.store.counters[keyPath: name]
  }
}

/// Numbers from a seed.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

extension Store {
  /// Everything that must hold at any time, as a sentence if it does not.
  func inconsistency() -> String? {
    var linked = 0
    var references = 0
    for page in 0..<pages.count { references += pages[page].referenceCount }
    for index in 0..<classes.count {
      let slab = classes[index]
      var count = 0
      var item = slab.oldest
      while item != .none {
        guard memory[item].state.isLinked, slabClass(of: item) == index else {
          return "class \(index) lists an item that is not its own"
        }
        references -= Int(memory[item].referenceCount)
        count += 1
        item = memory[item].newer
      }
      guard count == slab.itemCount else { return "class \(index) lists \(count) items" }
      linked += count
      var free = 0
      item = slab.firstFree
      while item != .none {
        guard memory[item].state.isFree else { return "class \(index) has an item among the free" }
        free += 1
        item = memory[item].newer
      }
      guard free == slab.freeCount else { return "class \(index) lists \(free) free chunks" }
      guard free + count + slab.freshCount <= slab.pageCount * slab.chunksPerPage else {
        return "class \(index) has more chunks than its pages"
      }
    }
    guard linked == itemCount else { return "\(linked) items are listed, \(itemCount) counted" }
    return references < 0 ? "a page counts too few references" : nil
  }

  /// Chunks that are neither free nor in the hash table.
  func heldChunkCount() -> Int {
    var count = 0
    for index in 0..<classes.count {
      let slab = classes[index]
      count += slab.pageCount * slab.chunksPerPage
      count -= slab.freshCount + slab.freeCount + slab.itemCount
    }
    return count
  }
}
