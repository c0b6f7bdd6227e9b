#if hasFeature(Embedded)
  import CX86

  /// A word that one core at a time can hold; for what is far from every packet's path.
  @safe
  struct Lock: BitwiseCopyable {
    private let address: UInt64

    /// Held while a piece of text is written.
    static var console: Lock { Lock(address: ix_address_of_console_lock()) }
    /// Taken by the first core that reports a fault, and never released.
    static var report: Lock { Lock(address: ix_address_of_report_lock()) }

    private var word: UnsafeMutableRawPointer {
      // SAFETY: memory.asm reserves a zeroed cache line for each lock.
      unsafe UnsafeMutableRawPointer(bitPattern: UInt(address)).unsafelyUnwrapped
    }

    /// False when somebody holds it.
    func take() -> Bool { unsafe x86_try_lock(word) != 0 }
    func release() { unsafe x86_store_release32(word, 0) }
  }
#endif
