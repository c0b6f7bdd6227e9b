/// What `stats` reports, since the start or the last `stats reset`.
struct Counters: BitwiseCopyable {
  var getCommands: UInt64 = 0
  var setCommands: UInt64 = 0
  var flushCommands: UInt64 = 0
  var touchCommands: UInt64 = 0
  var metaCommands: UInt64 = 0
  var getHits: UInt64 = 0
  var getMisses: UInt64 = 0
  /// Misses of items that had expired, or been flushed.
  var getExpired: UInt64 = 0
  var getFlushed: UInt64 = 0
  var deleteHits: UInt64 = 0
  var deleteMisses: UInt64 = 0
  var incrementHits: UInt64 = 0
  var incrementMisses: UInt64 = 0
  var decrementHits: UInt64 = 0
  var decrementMisses: UInt64 = 0
  var compareHits: UInt64 = 0
  var compareMisses: UInt64 = 0
  /// Compare-and-set with a value that was out of date.
  var compareMismatches: UInt64 = 0
  var touchHits: UInt64 = 0
  var touchMisses: UInt64 = 0
  var tooLarge: UInt64 = 0
  var outOfMemory: UInt64 = 0
  var bytesRead: UInt64 = 0
  var bytesWritten: UInt64 = 0
  var totalConnections: UInt64 = 0
  var rejectedConnections: UInt64 = 0
  var totalItems: UInt64 = 0
  var expiredUnfetched: UInt64 = 0
  var evictedUnfetched: UInt64 = 0
  var evictions: UInt64 = 0
  var reclaimed: UInt64 = 0
  /// Pages that changed from one class to another.
  var pagesMoved: UInt64 = 0
}
