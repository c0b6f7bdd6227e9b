/// A queue of few elements inside the value itself.
struct FixedQueue<Element: BitwiseCopyable>: BitwiseCopyable {
  static var capacity: Int { 64 }

  private var elements: InlineArray<64, Element>
  private var first = 0
  private(set) var count = 0

  init(filler: Element) { elements = InlineArray(repeating: filler) }

  mutating func append(_ element: Element) {
    require(count < Self.capacity, "a queue has run over")
    elements[(first &+ count) & (Self.capacity - 1)] = element
    count &+= 1
  }

  mutating func popFirst() -> Element? {
    guard count > 0 else { return nil }
    let element = elements[first]
    first = (first &+ 1) & (Self.capacity - 1)
    count &-= 1
    return element
  }
}
