import IXABI

extension Core {
  /// A session for a connection the application has taken.
  mutating func open(handle: UInt64) -> Connection {
    let generation = nextGeneration
    nextGeneration = generation == .max ? 1 : generation &+ 1
    let index = sessions.insert(Session(handle: handle, generation: generation))
    return Connection(index: index, generation: generation)
  }

  mutating func close(_ connection: Connection) {
    guard let index = session(of: connection), sessions[index].facts.lacks(.closing) else { return }
    sessions[index].facts.insert(.closing)
    markDirty(index)
  }

  /// Takes a session that is closing as far as it can go: FIN once the kernel has everything, the
  /// end once the peer has everything.
  @inline(__always)
  mutating func advanceClose(_ index: UInt32) {
    if sessions[index].facts.contains(.closing) { close(further: index) }
  }

  @inline(never)
  private mutating func close(further index: UInt32) {
    guard sessions[index].facts.lacks(.unsent) else { return }
    if sessions[index].facts.lacks(.queued) {
      issue(CallDescriptor(.tcpClose, handle: sessions[index].handle))
      return forget(index)
    }
    guard sessions[index].facts.lacks(.shutDown) else { return }
    sessions[index].facts.insert(.shutDown)
    issue(CallDescriptor(.tcpShutdown, handle: sessions[index].handle))
  }

  mutating func abort(_ connection: Connection) {
    guard let index = session(of: connection) else { return }
    issue(CallDescriptor(.tcpAbort, handle: sessions[index].handle))
    forget(index)
  }

  /// Drops a session and gives back what it holds.
  mutating func forget(_ index: UInt32) {
    dropChunks(index)
    sessions[index].generation = 0
    // A session in the list of dirty ones is freed when its turn comes.
    if sessions[index].facts.lacks(.dirty) { sessions.remove(index) }
  }
}
