import Glibc

/// The front end of vhost-user at a hostile back end: it connects, starts, steers, stops and starts again,
/// and returns from each of it whatever it is told.
enum BackEndTarget {
  private static let peer = HostilePeer()
  private static let descriptors = OpenDescriptors()

  static func run(_ input: UnsafeRawBufferPointer) {
    peer.prepare(Array(input))
    do throws(SystemCallError) {
      let backEnd = try VhostUserBackEnd(path: peer.path, pairLimit: 4)
      require((1...4).contains(backEnd.queuePairLimit), "more pairs than there may be")
      let pairs = backEnd.queuePairLimit
      for pairCount in [1, pairs] {
        try? backEnd.start(activation(backEnd.features, pairs: pairs, used: pairCount))
        backEnd.steer(.automatic(pairCount: pairs))
        backEnd.stop()
      }
    } catch {
      require(!error.description.isEmpty, "an error without words")
    }
    peer.waitUntilIdle()
    descriptors.requireNoMore()
  }

  private static func activation(
    _ features: VirtioFeatures, pairs: Int, used: Int
  ) throws(SystemCallError) -> NetworkActivation {
    var queues: [QueueSetup] = []
    for index in 0..<(2 * pairs) {
      let start = UInt64(0x10000 * (index + 1))
      queues.append(
        QueueSetup(
          size: 8, descriptors: start, available: start + 0x1000, used: start + 0x2000,
          kick: try .event(), call: try .event()))
    }
    return NetworkActivation(
      features: features | .version1, memory: try GuestMemory(byteCount: 1 << 20), queues: queues,
      steering: .automatic(pairCount: used), report: { _ in })
  }
}
