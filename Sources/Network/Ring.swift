import Packets

/// A bounded first-in, first-out queue.
struct Ring<Element: BitwiseCopyable>: ~Copyable {
  private var elements: Table<Element>
  private var first = 0
  private(set) var count = 0

  /// `placeholder` fills the places nobody has used yet. Nil when the arena is too small.
  init?(capacity: Int, placeholder: Element, arena: inout Arena) {
    guard let elements = arena.carve(count: capacity, repeating: placeholder) else { return nil }
    self.elements = elements
  }

  var roomCount: Int { elements.count &- count }

  /// False when the ring is full.
  @inline(__always)
  mutating func append(_ element: Element) -> Bool {
    guard count < elements.count else { return false }
    elements[index(count)] = element
    count &+= 1
    return true
  }

  @inline(__always)
  var oldest: Element? { count > 0 ? elements[first] : nil }

  /// Nil when the ring is empty.
  @inline(__always)
  mutating func removeFirst() -> Element? {
    guard count > 0 else { return nil }
    let element = elements[first]
    first = index(1)
    count &-= 1
    return element
  }

  @inline(__always)
  private func index(_ distance: Int) -> Int {
    let index = first &+ distance
    return index < elements.count ? index : index &- elements.count
  }
}
