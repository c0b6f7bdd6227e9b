import Packets

/// Notices that a device has stopped working on a queue although there is work: then a notification
/// was lost (an emulator without the fences the protocol needs, or a device that forgot).
struct NotificationWatch: BitwiseCopyable {
  /// How long a device may be silent before it is notified again; doubled each time it stays so.
  static var firstInterval: Interval { .milliseconds(1) }
  static var lastInterval: Interval { .seconds(1) }

  /// How often to look: much more often than the first interval ends.
  static var lookInterval: Interval { .microseconds(100) }

  private var progress: UInt16 = 0
  private var deadline = Instant.distantFuture
  private var interval = Self.firstInterval

  init() {}

  /// Whether the device has been silent for so long that it is notified although it asks not to be.
  ///
  /// QEMU 7.2 steers by hash in software where it may not load its eBPF program: a packet whose queue has
  /// no buffer keeps the queue pair that it came in by from being read, and only a notification of that
  /// one's receive queue lets it go on. That queue has buffers and asks for no notification.
  var isInsistent: Bool { interval >= Self.insistence }

  private static var insistence: Interval { .milliseconds(16) }

  /// Whether to notify again. `progress` is any count that changes when the device has done
  /// something.
  mutating func isOverdue(now: Instant, progress: UInt16, hasWork: Bool) -> Bool {
    guard hasWork, progress == self.progress, deadline != .distantFuture else {
      self.progress = progress
      interval = Self.firstInterval
      deadline = hasWork ? now + interval : .distantFuture
      return false
    }
    guard now >= deadline else { return false }
    if interval < Self.lastInterval { interval = interval * 2 }
    deadline = now + interval
    return true
  }
}
