import CIX

/// Cores of this dataplane. The application runs on each of them, from its first line: every core has
/// globals, a heap, ports, connections and timers of its own, and nothing is shared but what can only
/// be read. Peers' connections are spread over the cores that listen, so that all should.
public var coreCount: Int {
  // SAFETY: the kernel maps the page, read-only, for the life of the application.
  unsafe Int(ix_startup_page()?.pointee.core_count ?? 1)
}

/// The number of the core this runs on, from 0.
public var coreIndex: Int {
  // SAFETY: as above.
  unsafe Int(ix_startup_page()?.pointee.core_index ?? 0)
}
