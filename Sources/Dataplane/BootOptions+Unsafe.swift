import Wire

extension RawSpan {
  /// Whether the bytes at `offset`, of which there are enough, are those of `text`.
  func hasText(_ text: StaticString, at offset: Int) -> Bool {
    // SAFETY: a static string's bytes live as long as the program.
    let wanted = unsafe RawSpan(_unsafeStart: text.utf8Start, byteCount: text.utf8CodeUnitCount)
    for index in wanted.byteOffsets where octet(at: offset &+ index) != wanted.octet(at: index) {
      return false
    }
    return true
  }
}
