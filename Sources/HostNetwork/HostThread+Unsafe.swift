import CLinux
import Glibc

/// A thread of the launcher that moves frames or runs a virtual processor.
@safe
package final class HostThread: Sendable {
  private let identifier: pthread_t

  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Starts `run` on a thread of its own; `name` has at most 15 bytes.
  package init(_ name: String, run: @escaping @Sendable () -> Void) throws(SystemCallError) {
    var identifier = pthread_t()
    let body = unsafe Unmanaged.passRetained(Body(run))
    // SAFETY: the thread takes over the one retained reference.
    let result = unsafe ix_thread_start(
      &identifier, name,
      { context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, body.toOpaque())
    guard result == 0 else {
      unsafe body.release()
      throw SystemCallError("pthread_create", on: name, code: -result)
    }
    self.identifier = identifier
  }

  /// Waits for the thread's end. Call once.
  package func join() { pthread_join(identifier, nil) }

  package func signal(_ number: Int32) { pthread_kill(identifier, number) }

  /// How many processors this process may use.
  package static var processorCount: Int { max(1, Int(ix_processor_count())) }

  /// Keeps the calling thread on one of the processors this process may use.
  package static func stay(onProcessor index: Int) throws(SystemCallError) {
    try checked("sched_setaffinity", ix_stay_on_processor(Int32(index)))
  }
}
