#if hasFeature(Embedded)
  import CIX
  import IX
  import KeyValue

  /// Bytes of the application's heap.
  func heapByteCount() -> Int {
    guard let page = unsafe ix_startup_page() else { return 0 }
    // SAFETY: the kernel maps the page, read-only, for the life of the application.
    return unsafe Int(page.pointee.heap_byte_count)
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
