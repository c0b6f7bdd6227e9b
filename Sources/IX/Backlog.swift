/// Received bytes that wait until the peer has taken earlier replies, oldest first: back-pressure
/// without a copy. They stay in their network buffers, so that a peer that does not read is soon not
/// allowed to send either.
public struct Backlog {
  /// One buffer of received bytes.
  public final class Element {
    public let bytes: ReceivedBytes
    /// Bytes before it are done.
    public var offset: Int
    fileprivate var next: Element?

    fileprivate init(_ bytes: consuming ReceivedBytes, from offset: Int) {
      self.bytes = bytes
      self.offset = offset
    }
  }

  /// What is to be worked on next, nil when nothing waits.
  public private(set) var oldest: Element?
  private var newest: Element?

  public init() {}

  public var isEmpty: Bool { oldest == nil }

  /// Keeps `bytes`, those before `offset` being done.
  public mutating func append(_ bytes: consuming ReceivedBytes, from offset: Int) {
    let element = Element(bytes, from: offset)
    if let newest { newest.next = element } else { oldest = element }
    newest = element
  }

  /// Gives the oldest buffer back to the network.
  public mutating func removeOldest() {
    oldest = oldest?.next
    if oldest == nil { newest = nil }
  }

  /// Gives everything back, one by one: letting go of the first alone would let go of the others
  /// recursively.
  public mutating func removeAll() {
    while !isEmpty { removeOldest() }
  }
}
