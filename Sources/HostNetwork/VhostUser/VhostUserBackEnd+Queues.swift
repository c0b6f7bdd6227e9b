import Drivers

extension VhostUserBackEnd {
  /// Gives the back end features, memory and queues. Only what it has offered may be asked of it.
  static func start(
    _ activation: NetworkActivation, _ pairCount: Int, on connection: VhostUserConnection
  ) throws(SystemCallError) {
    let agreed = activation.features.rawValue | VhostUserConnection.protocolFeatures
    try connection.send(VhostUserMessage(.setFeatures, agreed & connection.offered))
    let memory = activation.memory
    try connection.send(
      VhostUserMessage(memoryOf: memory), with: memory.regions.map { _ in memory.file })
    for (index, queue) in activation.queues.enumerated() {
      try start(queue, index, memory, on: connection)
    }
    try enable(pairCount, of: activation, on: connection)
  }

  private static func start(
    _ queue: QueueSetup, _ index: Int, _ memory: GuestMemory, on connection: VhostUserConnection
  ) throws(SystemCallError) {
    guard let addresses = addresses(of: queue, index, in: memory),
      let base = memory.read(at: queue.used + 2, byteCount: 2)
    else { throw SystemCallError("a queue outside of the guest's memory", code: 14) }
    // What the back end has used is done; what was only taken is taken again.
    let position = UInt32(base[0]) | UInt32(base[1]) << 8
    try connection.send(VhostUserMessage(.setQueueSize, queue: index, UInt32(queue.size)))
    try connection.send(VhostUserMessage(.setQueueBase, queue: index, position))
    try connection.send(addresses)
    try connection.send(VhostUserMessage(.setQueueCall, UInt64(index)), with: [queue.call])
    try connection.send(VhostUserMessage(.setQueueKick, UInt64(index)), with: [queue.kick])
  }

  /// In addresses of this process, by which the back end finds them in the memory table.
  private static func addresses(
    of queue: QueueSetup, _ index: Int, in memory: GuestMemory
  ) -> VhostUserMessage? {
    guard let descriptors = memory.hostAddress(of: queue.descriptors, byteCount: 16 * queue.size),
      let available = memory.hostAddress(of: queue.available, byteCount: 6 + 2 * queue.size),
      let used = memory.hostAddress(of: queue.used, byteCount: 6 + 8 * queue.size)
    else { return nil }
    return VhostUserMessage(
      queue: index, descriptors: descriptors, available: available, used: used)
  }

  /// Enables the first pairs, and no others.
  static func enable(
    _ pairCount: Int, of activation: NetworkActivation, on connection: VhostUserConnection
  ) throws(SystemCallError) {
    guard connection.offered & VhostUserConnection.protocolFeatures != 0 else { return }
    for index in activation.queues.indices {
      let isEnabled: UInt32 = index / 2 < pairCount ? 1 : 0
      try connection.send(VhostUserMessage(.setQueueEnabled, queue: index, isEnabled))
    }
  }

  /// The back end answers when it uses the queue no more.
  static func stop(
    _ activation: NetworkActivation, on connection: VhostUserConnection
  ) throws(SystemCallError) {
    try enable(0, of: activation, on: connection)
    for index in activation.queues.indices {
      _ = try connection.number(VhostUserMessage(.getQueueBase, queue: index, 0))
    }
  }
}

extension GuestMemory {
  /// Where bytes of the guest are in this process; nil unless all of them are RAM.
  fileprivate func hostAddress(of address: UInt64, byteCount: Int) -> UInt64? {
    for region in regions {
      guard address >= region.guestAddress, address < region.end,
        UInt64(byteCount) <= region.end - address
      else { continue }
      return hostAddress + region.fileOffset + (address - region.guestAddress)
    }
    return nil
  }
}
