import Drivers
import Wire

/// A back end in another process, over vhost-user: it gets the guest's memory and its queues' events
/// and moves frames on its own. Should it go away, it is connected to again when it is back, and
/// goes on where the queues are.
package final class VhostUserBackEnd: NetworkBackEnd {
  /// Between attempts to reach a back end that has gone, milliseconds.
  private static let retryMilliseconds: Int32 = 200

  package let features: VirtioFeatures
  package let queuePairLimit: Int

  private struct State {
    /// Nil while the back end is away.
    var connection: VhostUserConnection?
    /// Nil while the device is not started.
    var activation: NetworkActivation?
    var enabledPairCount = 1

    /// Does without a back end that has failed: what it sends from now on answers nothing that was
    /// asked. One that only refused something, in an answer of its own, is kept.
    mutating func giveUp(after error: SystemCallError) {
      guard error.code != VhostUserConnection.refusal else { return }
      connection?.hangUp()
      connection = nil
    }
  }

  private let path: String
  private let state: Locked<State>
  private let end: Descriptor
  private let watch = Locked<HostThread?>(nil)

  /// Features of frames and queues that any back end may have; those of the device itself, and of
  /// queues that the guest does not use, are not passed on.
  private static var known: VirtioFeatures {
    .networkChecksum | .networkGuestChecksum | .networkSegmentation | .indirectDescriptors
  }

  /// Connects to the back end that listens at `path`, for at most `pairLimit` queue pairs.
  package init(path: String, pairLimit: Int) throws(SystemCallError) {
    let connection = try VhostUserConnection(path: path)
    guard connection.offered & VirtioFeatures.version1.rawValue != 0 else {
      throw SystemCallError("vhost-user getFeatures without VERSION_1", on: path, code: 95)
    }
    self.path = path
    features = VirtioFeatures(rawValue: connection.offered & Self.known.rawValue)
    queuePairLimit = max(1, min(connection.queuePairLimit, pairLimit))
    state = Locked(State(connection: connection))
    end = try .event()
  }

  package func start(_ activation: NetworkActivation) throws(SystemCallError) {
    try state.withLock { state throws(SystemCallError) in
      state.activation = activation
      state.enabledPairCount = Self.pairCount(activation.steering)
      guard let connection = state.connection else { return }
      do throws(SystemCallError) {
        try Self.start(activation, state.enabledPairCount, on: connection)
      } catch {
        state.activation = nil
        state.giveUp(after: error)
        throw error
      }
    }
    try startWatching()
  }

  package func stop() {
    state.withLock { state in
      guard let activation = state.activation else { return }
      state.activation = nil
      guard let connection = state.connection else { return }
      do throws(SystemCallError) {
        try Self.stop(activation, on: connection)
      } catch {
        // It has gone, or is given up: then it may still use the queues, as any back end may that
        // has memory of the guest.
        state.giveUp(after: error)
      }
    }
  }

  /// A back end hashes by itself: of the steering only the number of pairs reaches it.
  package func steer(_ steering: ReceiveSteering) {
    state.withLock { state in
      state.enabledPairCount = Self.pairCount(steering)
      guard let activation = state.activation, let connection = state.connection else { return }
      do throws(SystemCallError) {
        try Self.enable(state.enabledPairCount, of: activation, on: connection)
      } catch {
        state.giveUp(after: error)
      }
    }
  }

  private static func pairCount(_ steering: ReceiveSteering) -> Int {
    switch steering {
    case .automatic(let pairCount): pairCount
    case .hashed(let hashing): hashing.pairCount
    }
  }

  private func startWatching() throws(SystemCallError) {
    let (path, state, end, features) = (path, state, end, features)
    try watch.withLock { thread throws(SystemCallError) in
      guard thread == nil else { return }
      thread = try HostThread("vhost-user") {
        Self.watch(path, state, features, until: end)
      }
    }
  }

  /// Notices when the back end goes, and connects again when there is one.
  private static func watch(
    _ path: String, _ state: Locked<State>, _ features: VirtioFeatures, until end: Descriptor
  ) {
    while true {
      // Held while it is watched: its number is nobody else's until then.
      let connection = state.withLock { $0.connection }
      let milliseconds = connection == nil ? retryMilliseconds : -1
      switch SocketWatch.wait(connection?.descriptor ?? -1, end, milliseconds: milliseconds) {
      case .event: return
      case .end:
        state.withLock { state in
          if state.connection === connection { state.connection = nil }
        }
      case .none where connection == nil: reconnect(path, state, features)
      case .none: break
      }
    }
  }

  private static func reconnect(
    _ path: String, _ state: Locked<State>, _ features: VirtioFeatures
  ) {
    guard let connection = try? VhostUserConnection(path: path),
      features.rawValue & ~connection.offered == 0
    else { return }
    state.withLock { state in
      if let activation = state.activation {
        guard (try? start(activation, state.enabledPairCount, on: connection)) != nil else {
          return
        }
      }
      state.connection = connection
    }
  }

  deinit {
    end.signal()
    watch.withLock { $0?.join() }
  }
}
