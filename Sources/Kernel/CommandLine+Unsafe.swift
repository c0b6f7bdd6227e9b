#if hasFeature(Embedded)
  /// A copy of the kernel command line.
  struct CommandLine {
    /// Longest line, in bytes.
    static var limit: Int { 1023 }
    var text = InlineArray<1024, UInt8>(repeating: 0)

    var bytes: RawSpan {
      @_lifetime(borrow self)
      borrowing get {
        // SAFETY: every byte of the array is initialised.
        unsafe text.span.bytes
      }
    }
  }
#endif
