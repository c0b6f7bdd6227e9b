import CDPDK

/// The guest at the other end of a vhost-user socket, if there is one now.
@safe
struct GuestPort {
  let place: SocketPlace

  /// Listens at `place`, where nothing is yet.
  init(at place: SocketPlace) throws(PollerError) {
    self.place = place
    // SAFETY: the path is a terminated string for the duration of the call, which copies it.
    try PollerError.check(place.path, unsafe ix_guest_listen(place.path))
  }

  /// Takes the socket away, and the guest its back end.
  func close() {
    // SAFETY: as above.
    unsafe ix_guest_close(place.path)
  }

  /// From here to `end` the guest does not go away; false when there is none.
  func begin() -> Bool { ix_guest_begin() }

  func end() { ix_guest_end() }

  /// A guest has been here and has gone.
  var hasLeft: Bool { ix_guest_has_left() }

  // What follows is for between `begin` and `end`.

  /// Pairs of queues the guest has enabled: the first so many.
  var pairCount: Int { (~ix_guest_pairs()).trailingZeroBitCount }
  var takesPartial: Bool { ix_guest_takes_partial() }

  /// Asks the guest not to ring for the first `count` pairs.
  func suppressDoorbells(ofFirst count: Int) {
    for pair in 0..<count { ix_guest_is_polled(UInt32(pair)) }
  }

  func room(_ pair: Int) -> Int { Int(ix_guest_room(UInt32(pair))) }

  func receive(_ pair: Int, into batch: inout FrameBatch) {
    unsafe batch.fill(limit: FrameBatch.capacity) { unsafe ix_guest_receive(UInt32(pair), $0, $1) }
  }

  /// Returns how many the guest had room for.
  func transmit(_ pair: Int, _ batch: inout FrameBatch) -> Int {
    unsafe batch.empty { unsafe ix_guest_transmit(UInt32(pair), $0, $1) }
  }
}
