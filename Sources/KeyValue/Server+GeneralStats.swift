// stats without an argument, in memcached's order.

extension Server {
  mutating func replyGeneralStats() {
    let counters = store.counters
    stat("pid", 1)
    stat("uptime", UInt64(store.clock &- 2))
    stat("time", store.unixClock)
    stat("version", .text(Self.version))
    stat("pointer_size", 64)
    stat("max_connections", UInt64(settings.connectionLimit))
    stat("curr_connections", UInt64(connectionCount))
    stat("total_connections", counters.totalConnections)
    stat("rejected_connections", counters.rejectedConnections)
    stat("connection_structures", UInt64(connectionCount))
    stat("read_buf_count", UInt64(blocks.usedCount))
    replyCommandStats(counters)
    stat("bytes_read", counters.bytesRead)
    stat("bytes_written", counters.bytesWritten)
    stat("limit_maxbytes", UInt64(store.memory.byteCount))
    stat("accepting_conns", connectionCount < settings.connectionLimit ? 1 : 0)
    stat("threads", 1)
    replyStoreStats(counters)
  }

  private mutating func replyCommandStats(_ counters: Counters) {
    stat("cmd_get", counters.getCommands)
    stat("cmd_set", counters.setCommands)
    stat("cmd_flush", counters.flushCommands)
    stat("cmd_touch", counters.touchCommands)
    stat("cmd_meta", counters.metaCommands)
    stat("get_hits", counters.getHits)
    stat("get_misses", counters.getMisses)
    stat("get_expired", counters.getExpired)
    stat("get_flushed", counters.getFlushed)
    stat("delete_misses", counters.deleteMisses)
    stat("delete_hits", counters.deleteHits)
    stat("incr_misses", counters.incrementMisses)
    stat("incr_hits", counters.incrementHits)
    stat("decr_misses", counters.decrementMisses)
    stat("decr_hits", counters.decrementHits)
    stat("cas_misses", counters.compareMisses)
    stat("cas_hits", counters.compareHits)
    stat("cas_badval", counters.compareMismatches)
    stat("touch_hits", counters.touchHits)
    stat("touch_misses", counters.touchMisses)
    stat("store_too_large", counters.tooLarge)
    stat("store_no_memory", counters.outOfMemory)
    stat("auth_cmds", 0)
    stat("auth_errors", 0)
  }

  private mutating func replyStoreStats(_ counters: Counters) {
    var byteCount = 0
    for index in 0..<store.classes.count { byteCount &+= store.classes[index].itemByteCount }
    stat("hash_power_level", UInt64(store.bucketCount.trailingZeroBitCount))
    stat("hash_bytes", UInt64(store.bucketCount &* MemoryLayout<Item>.size))
    stat("hash_is_expanding", 0)
    stat("slabs_moved", counters.pagesMoved)
    stat("bytes", UInt64(byteCount))
    stat("curr_items", UInt64(store.itemCount))
    stat("total_items", counters.totalItems)
    stat("slab_global_page_pool", UInt64(store.pages.count &- store.usedPageCount))
    stat("expired_unfetched", counters.expiredUnfetched)
    stat("evicted_unfetched", counters.evictedUnfetched)
    stat("evictions", counters.evictions)
    stat("reclaimed", counters.reclaimed)
  }
}
