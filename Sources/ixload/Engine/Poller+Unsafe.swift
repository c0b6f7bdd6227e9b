import CEpoll
import Glibc

/// Waits for many sockets at once (epoll).
@safe
struct Poller {
  /// What is possible on the socket with this tag.
  struct Readiness {
    let tag: Int
    let isReadable: Bool
    let isWritable: Bool
  }

  private let descriptor: Int32
  private var events = unsafe [epoll_event](repeating: epoll_event(), count: 256)

  init() throws(LoadError) {
    descriptor = epoll_create1(0)
    guard descriptor >= 0 else { throw LoadError(call: "epoll_create1") }
  }

  /// Watches `socket`; `writing`: also for whether it can be written.
  func add(_ socket: Socket, tag: Int, writing: Bool = false) throws(LoadError) {
    try control(EPOLL_CTL_ADD, socket, tag: tag, writing: writing)
  }

  func modify(_ socket: Socket, tag: Int, writing: Bool) throws(LoadError) {
    try control(EPOLL_CTL_MOD, socket, tag: tag, writing: writing)
  }

  private func control(
    _ operation: Int32, _ socket: Socket, tag: Int, writing: Bool
  ) throws(LoadError) {
    // SAFETY: the kernel copies the event before the call returns.
    var event = unsafe epoll_event()
    unsafe event.events = EPOLLIN.rawValue | (writing ? EPOLLOUT.rawValue : 0)
    unsafe event.data.u64 = UInt64(tag)
    guard unsafe epoll_ctl(descriptor, operation, socket.descriptor, &event) == 0 else {
      throw LoadError(call: "epoll_ctl")
    }
  }

  /// Empty after `timeout` milliseconds without anything possible.
  mutating func wait(timeout: Int32) throws(LoadError) -> [Readiness] {
    // SAFETY: the kernel writes at most as many events as the array holds.
    let count = unsafe epoll_wait(descriptor, &events, Int32(events.count), timeout)
    guard count >= 0 else { throw LoadError(call: "epoll_wait") }
    return unsafe events[..<Int(count)].map { event in
      unsafe Readiness(
        tag: Int(event.data.u64), isReadable: event.events & ~EPOLLOUT.rawValue != 0,
        isWritable: event.events & EPOLLOUT.rawValue != 0)
    }
  }
}
