#if hasFeature(Embedded)
  import IX

  /// Received bytes whose requests wait until the client has taken earlier replies, oldest first.
  /// They stay in their network buffers, so that a client that does not read is soon not allowed to
  /// send either.
  struct Backlog {
    final class Element {
      let bytes: ReceivedBytes
      /// Bytes before it are done.
      var offset: Int
      fileprivate var next: Element?

      fileprivate init(_ bytes: consuming ReceivedBytes, from offset: Int) {
        self.bytes = bytes
        self.offset = offset
      }
    }

    private(set) var oldest: Element?
    private var newest: Element?

    var isEmpty: Bool { oldest == nil }

    mutating func append(_ bytes: consuming ReceivedBytes, from offset: Int) {
      let element = Element(bytes, from: offset)
      if let newest { newest.next = element } else { oldest = element }
      newest = element
    }

    mutating func removeOldest() {
      oldest = oldest?.next
      if oldest == nil { newest = nil }
    }

    /// One by one: letting go of the first alone would let go of the others recursively.
    mutating func removeAll() {
      while !isEmpty { removeOldest() }
    }
  }
#endif
