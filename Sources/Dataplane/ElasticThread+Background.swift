import IXABI
import Network
import Packets

extension ElasticThread where Device: ~Copyable {
  /// What can be done for the network while ring 3 does not come back: acknowledgments, timers of
  /// the stack, answers that need no application. The array of event conditions, which ring 3 may
  /// be reading, and the batched calls, which it may be writing, are left alone; what happens to
  /// connections waits in the stack, and their windows close.
  @inline(never)
  package mutating func serveInBackground(
    now: Instant, on core: inout some ProcessorCore & ~Copyable
  ) {
    metrics.overstays &+= 1
    attend(now: now, on: &core)
    // Standing still is what is prevented here.
    attendedAt = now
    control.set(.absent)
    device.checkForLostNotification(now: now)
    events.suspend()
    defer { events.resume() }
    var round = 0
    var frameCount: UInt64
    repeat {
      frameCount = metrics.frames
      device.reclaim(&pool)
      receive(now)
      expire(now)
      transmit(now)
      round &+= 1
    } while metrics.frames != frameCount && round < Self.backgroundRoundLimit
  }

  /// Most batches of one interruption: ring 3 gets the core back, however many frames arrive.
  private static var backgroundRoundLimit: Int { 8 }
}
