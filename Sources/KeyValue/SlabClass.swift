/// Chunks of one size, and the items in them from oldest to newest.
struct SlabClass: BitwiseCopyable {
  let chunkByteCount: Int
  let chunksPerPage: Int
  var pageCount = 0
  /// Chunks that were used and are free.
  var firstFree = Item.none
  var freeCount = 0
  /// The part of the newest page that was never used.
  var freshOffset = 0
  var freshCount = 0
  var newest = Item.none
  var oldest = Item.none
  var itemCount = 0
  /// Bytes of keys, values and headers, without what chunks have to spare.
  var itemByteCount = 0
  var evictedCount: UInt64 = 0
  var reclaimedCount: UInt64 = 0
  var outOfMemoryCount: UInt64 = 0
  /// Seconds the item evicted last had not been used.
  var evictedAge: UInt32 = 0

  init(chunkByteCount: Int, pageByteCount: Int) {
    self.chunkByteCount = chunkByteCount
    chunksPerPage = pageByteCount / chunkByteCount
  }

  /// Classes for pages of `pageByteCount` bytes: from 96 bytes up, each a quarter larger than the
  /// one before, the last as large as a page.
  static func all(pageByteCount: Int) -> Table<SlabClass> {
    let last = SlabClass(chunkByteCount: pageByteCount, pageByteCount: pageByteCount)
    var count = 1
    var size = smallestChunkByteCount
    while size <= pageByteCount / 2 {
      count &+= 1
      size = larger(size)
    }
    var classes = Table(count: count, repeating: last)
    size = smallestChunkByteCount
    for index in 0..<(count &- 1) {
      classes[index] = SlabClass(chunkByteCount: size, pageByteCount: pageByteCount)
      size = larger(size)
    }
    return classes
  }

  private static var smallestChunkByteCount: Int { 96 }

  private static func larger(_ byteCount: Int) -> Int { (byteCount &* 5 / 4 &+ 7) & ~7 }
}

/// What a page of the store's memory is used for.
struct Page: BitwiseCopyable {
  /// The class whose chunks it holds; `none` while it belongs to nobody.
  var slabClass = Self.none
  /// References to items in it: a page with any cannot change hands.
  var referenceCount = 0

  static var none: Int { -1 }
}
