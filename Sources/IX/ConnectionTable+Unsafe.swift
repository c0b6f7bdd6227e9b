/// What an application knows of one connection.
public protocol ConnectionState: ~Copyable {
  /// A connection that has just begun, and places that no connection has.
  init()
}

/// An application's state for each of its connections, found by `Connection.number`. It grows with the
/// largest number there was and never shrinks.
@safe
public struct ConnectionTable<State: ConnectionState & ~Copyable>: ~Copyable {
  private var states: UnsafeMutablePointer<State>
  public private(set) var count = 64

  public init() {
    unsafe states = .allocate(capacity: count)
    fill(from: 0)
  }

  deinit {
    unsafe states.deinitialize(count: count)
    unsafe states.deallocate()
  }

  /// Begins with a new state for a connection; to be called when it is `connected`, before any use.
  public mutating func open(_ connection: Connection) {
    if connection.number >= count { grow(beyond: connection.number) }
    self[connection.number] = State()
  }

  /// Lets go of what the state of a connection holds.
  public mutating func close(_ connection: Connection) { self[connection.number] = State() }

  /// The state of a connection that was opened.
  public subscript(connection: Connection) -> State {
    @inline(__always)
    unsafeAddress { unsafe address(of: connection.number) }
    @inline(__always)
    unsafeMutableAddress { unsafe UnsafeMutablePointer(mutating: address(of: connection.number)) }
  }

  /// The state of whatever connection has `number`, which must be below `count`.
  public subscript(number: Int) -> State {
    @inline(__always)
    unsafeAddress { unsafe address(of: number) }
    @inline(__always)
    unsafeMutableAddress { unsafe UnsafeMutablePointer(mutating: address(of: number)) }
  }

  @inline(__always)
  private func address(of number: Int) -> UnsafePointer<State> {
    precondition(UInt(bitPattern: number) < UInt(bitPattern: count), "no such connection")
    // SAFETY: the number was checked, and all places are initialised.
    return unsafe UnsafePointer(states + number)
  }

  private mutating func grow(beyond number: Int) {
    let oldCount = count
    while number >= count { count &*= 2 }
    // SAFETY: there is room for all old states, which move.
    let larger = UnsafeMutablePointer<State>.allocate(capacity: count)
    unsafe larger.moveInitialize(from: states, count: oldCount)
    unsafe states.deallocate()
    unsafe states = larger
    fill(from: oldCount)
  }

  private func fill(from first: Int) {
    // SAFETY: these places are not initialised, and there is memory for them.
    for number in first..<count { unsafe (states + number).initialize(to: State()) }
  }
}
