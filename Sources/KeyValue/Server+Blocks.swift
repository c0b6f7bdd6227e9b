// Requests that arrive in pieces: the beginning waits in a block until the rest is there.

extension Server {
  /// The bytes waiting in the session's block.
  @_lifetime(immortal)
  func waitingBytes() -> RawSpan {
    guard session.block != Blocks.none else { return RawSpan() }
    return blocks[session.block].bytes(session.blockStart, session.blockEnd)
  }

  /// Appends `bytes`, for which there must be room, to the session's block. When there is no block
  /// left, the connection is closed and the result is false.
  mutating func wait(with bytes: RawSpan) -> Bool {
    if session.block == Blocks.none {
      guard let number = blocks.take() else {
        session.isQuiet = false
        session.phase = .closing
        return false
      }
      session.block = number
      session.blockStart = 0
      session.blockEnd = 0
    }
    blocks[session.block].write(bytes, at: session.blockEnd)
    session.blockEnd &+= bytes.byteCount
    return true
  }

  /// Moves waiting bytes to the front of their block, to make room behind them.
  mutating func compactBlock() {
    guard session.block != Blocks.none, session.blockStart > 0 else { return }
    blocks[session.block].write(waitingBytes(), at: 0)
    session.blockEnd &-= session.blockStart
    session.blockStart = 0
  }

  mutating func releaseBlock() {
    guard session.block != Blocks.none else { return }
    blocks.giveBack(session.block)
    session.block = Blocks.none
    session.blockStart = 0
    session.blockEnd = 0
  }
}
