#if hasFeature(Embedded)
  import CIX
  import CX86
  import IX
  import KeyValue

  /// Bytes of the application's heap.
  func heapByteCount() -> Int {
    guard let page = unsafe ix_startup_page() else { return 0 }
    // SAFETY: the kernel maps the page, read-only, for the life of the application.
    return unsafe Int(page.pointee.heap_byte_count)
  }

  /// The server, in a place of its own for the life of the application.
  @safe
  struct Cache {
    private let pointer: UnsafeMutablePointer<Server>

    init(_ settings: Settings) {
      unsafe pointer = .allocate(capacity: 1)
      unsafe pointer.initialize(to: Server(settings))
    }

    var server: Server {
      // SAFETY: initialised above and never freed; one core uses it, one call at a time.
      @inline(__always)
      unsafeAddress { unsafe UnsafePointer(pointer) }
      @inline(__always)
      nonmutating unsafeMutableAddress { unsafe pointer }
    }
  }

  /// Whole seconds since the start, from the time-stamp counter.
  struct Clock {
    private let ticksPerSecond: UInt64
    private var nextTick: UInt64
    private(set) var second: UInt32 = 0

    init() {
      // SAFETY: as above.
      ticksPerSecond = unsafe max(ix_startup_page()?.pointee.ticks_per_second ?? 0, 1)
      nextTick = x86_rdtsc() &+ ticksPerSecond
    }

    /// Reads the counter; true when another second has begun.
    @inline(__always)
    mutating func advance() -> Bool {
      let now = x86_rdtsc()
      guard now >= nextTick else { return false }
      let passed = (now &- nextTick) / ticksPerSecond &+ 1
      nextTick &+= passed &* ticksPerSecond
      second &+= UInt32(truncatingIfNeeded: passed)
      return true
    }
  }

  extension Connection {
    /// Sends `bytes` from where they lie; `returned(loan:)` is called with `loan` once they may
    /// change.
    func send(lending bytes: RawSpan, loan: UInt64) {
      // SAFETY: the server keeps a lent value until its loan is returned.
      unsafe bytes.withUnsafeBytes { unsafe send(lending: $0, token: loan) }
    }
  }
#endif
