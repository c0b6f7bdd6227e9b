// stats, in both protocols.

/// The value of a statistic.
enum StatValue {
  case number(UInt64)
  case text(StaticString)

  init(_ count: Int) { self = .number(UInt64(truncatingIfNeeded: count)) }

  var byteCount: Int {
    switch self {
    case .number(let value): Decimal(value).byteCount
    case .text(let text): text.utf8CodeUnitCount
    }
  }
}

extension Server {
  /// The memcached release whose protocol this is.
  static var version: StaticString { "1.6.18-ix" }

  /// `stats [settings|items|slabs|sizes|reset]`
  mutating func stats(_ bytes: RawSpan, _ line: Fields) {
    var fields = line
    let name = bytes.bytes(of: fields.next(in: bytes) ?? Field(start: 0, end: 0))
    if name.isEqual(to: "reset") {
      store.counters = Counters()
      return replies.append("RESET\r\n")
    }
    replies.append(replyStats(name) ? "END\r\n" : "ERROR\r\n")
  }

  /// The binary request with the same names.
  mutating func stats(_ name: RawSpan) {
    if name.isEqual(to: "reset") {
      store.counters = Counters()
    } else if !replyStats(name) {
      return replyStatus(.notFound)
    }
    replyHeader(.success, bodyByteCount: 0)
  }

  private mutating func replyStats(_ name: RawSpan) -> Bool {
    if name.byteCount == 0 {
      replyGeneralStats()
    } else if name.isEqual(to: "settings") {
      replySettings()
    } else if name.isEqual(to: "items") {
      replyItemStats()
    } else if name.isEqual(to: "slabs") {
      replySlabStats()
    } else if name.isEqual(to: "sizes") {
      stat("sizes_status", .text("disabled"))
    } else {
      return false
    }
    return true
  }

  mutating func stat(_ name: StaticString, _ value: UInt64) { stat(name, .number(value)) }

  /// One statistic; those of a class are called `<prefix><number>:<name>`.
  mutating func stat(
    _ name: StaticString, _ value: StatValue, prefix: StaticString = "", of number: Int? = nil
  ) {
    let digits = Decimal(UInt64(number ?? 0))
    if session.format == .binary {
      var count = name.utf8CodeUnitCount
      if number != nil { count &+= prefix.utf8CodeUnitCount &+ digits.byteCount &+ 1 }
      replyHeader(.success, key: count, bodyByteCount: count &+ value.byteCount)
    } else {
      replies.append("STAT ")
    }
    if number != nil {
      replies.append(prefix)
      replies.append(digits.bytes)
      replies.append(":")
    }
    replies.append(name)
    if session.format != .binary { replies.append(" ") }
    switch value {
    case .number(let value): replies.append(decimal: value)
    case .text(let text): replies.append(text)
    }
    if session.format != .binary { replies.append("\r\n") }
  }

  private mutating func replySettings() {
    stat("maxbytes", UInt64(store.memory.byteCount))
    stat("maxconns", UInt64(settings.connectionLimit))
    stat("tcpport", 11211)
    stat("udpport", 0)
    stat("inter", .text("NULL"))
    stat("verbosity", 0)
    stat("oldest", 0)
    stat("evictions", .text(settings.evicts ? "on" : "off"))
    stat("domain_socket", .text("NULL"))
    stat("shutdown_command", .text("no"))
    stat("growth_factor", .text("1.25"))
    stat("chunk_size", UInt64(ItemHeader.byteCount))
    stat("num_threads", 1)
    stat("stat_key_prefix", .text(":"))
    stat("detail_enabled", .text("no"))
    stat("cas_enabled", .text("yes"))
    stat("auth_enabled_sasl", .text("no"))
    stat("auth_enabled_ascii", .text("no"))
    stat("binding_protocol", .text("auto-negotiate"))
    stat("item_size_max", UInt64(settings.itemByteLimit))
    stat("maxconns_fast", .text("yes"))
    stat("slab_reassign", .text("yes"))
    stat("slab_automove", 1)
    stat("lru_crawler", .text("no"))
    stat("flush_enabled", .text("yes"))
    stat("dump_enabled", .text("no"))
    stat("hash_algorithm", .text("siphash"))
    stat("lru_maintainer_thread", .text("no"))
    stat("lru_segmented", .text("no"))
    stat("temp_lru", .text("no"))
    stat("idle_timeout", 0)
    stat("track_sizes", .text("no"))
    stat("inline_ascii_response", .text("no"))
    stat("ssl_enabled", .text("no"))
  }

  private mutating func replyItemStats() {
    for index in 0..<store.classes.count where store.classes[index].itemCount > 0 {
      let slab = store.classes[index]
      let age = store.clock &- store.memory[slab.oldest].accessed
      let number = index &+ 1
      stat("number", StatValue(slab.itemCount), prefix: "items:", of: number)
      stat("age", .number(UInt64(age)), prefix: "items:", of: number)
      stat("mem_requested", StatValue(slab.itemByteCount), prefix: "items:", of: number)
      stat("evicted", .number(slab.evictedCount), prefix: "items:", of: number)
      stat("evicted_time", .number(UInt64(slab.evictedAge)), prefix: "items:", of: number)
      stat("outofmemory", .number(slab.outOfMemoryCount), prefix: "items:", of: number)
      stat("reclaimed", .number(slab.reclaimedCount), prefix: "items:", of: number)
    }
  }

  private mutating func replySlabStats() {
    var active = 0
    for index in 0..<store.classes.count where store.classes[index].pageCount > 0 {
      active &+= 1
      let slab = store.classes[index]
      let number = index &+ 1
      let total = slab.pageCount &* slab.chunksPerPage
      let free = slab.freeCount &+ slab.freshCount
      stat("chunk_size", StatValue(slab.chunkByteCount), of: number)
      stat("chunks_per_page", StatValue(slab.chunksPerPage), of: number)
      stat("total_pages", StatValue(slab.pageCount), of: number)
      stat("total_chunks", StatValue(total), of: number)
      stat("used_chunks", StatValue(total &- free), of: number)
      stat("free_chunks", StatValue(free), of: number)
    }
    stat("active_slabs", UInt64(active))
    stat("total_malloced", UInt64(store.usedPageCount &<< store.pageShift))
  }
}
