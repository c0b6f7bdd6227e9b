import Drivers
import Foundation
import HostNetwork
import Testing
import Wire

/// Where the build leaves the poller.
private let poller = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .appendingPathComponent(".build/release/ixnet").path

/// The front end of vhost-user against a back end that nobody here wrote: DPDK's, in `ixnet`.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: poller)))
struct VhostUserPollerTests {
  /// Polled at, 10 ms each, for ten seconds at most.
  private func waits(until condition: () -> Bool) -> Bool {
    for _ in 0..<1_000 {
      if condition() { return true }
      usleep(10_000)
    }
    return false
  }

  /// The poller serves one guest at a time, and may not have noticed yet that the last one has left.
  private func connect(_ path: String) throws -> VhostUserBackEnd {
    var backEnd: VhostUserBackEnd?
    _ = waits {
      backEnd = try? VhostUserBackEnd(path: path, pairLimit: 1)
      return backEnd != nil
    }
    return try #require(backEnd)
  }

  /// Eight empty buffers of 2 KiB in the receive queue of `activation`.
  private func offerBuffers(_ activation: NetworkActivation, at address: UInt64 = 0x100000) {
    let (memory, queue) = (activation.memory, activation.queues[0])
    for index in 0..<8 {
      let buffer = address &+ UInt64(index) * 2_048
      // A descriptor to write to, with no other behind it.
      let descriptor =
        ScriptedBackEnd.bytes(buffer) + ScriptedBackEnd.bytes(UInt32(2_048)) + [2, 0, 0, 0]
      #expect(memory.write(descriptor[...], at: queue.descriptors + UInt64(16 * index)))
      #expect(memory.write([UInt8(index), 0], at: queue.available + UInt64(4 + 2 * index)))
    }
    #expect(memory.write([8, 0], at: queue.available + 2))
  }

  private func usedCount(_ activation: NetworkActivation) -> UInt8 {
    activation.memory.read(at: activation.queues[0].used + 2, byteCount: 1)?.first ?? 0
  }

  @Test func framesArriveAndABrokenGuestHarmsOnlyItself() throws {
    let path = NSTemporaryDirectory() + "ix-\(UUID().uuidString.prefix(8))"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: poller)
    // A port that always has frames of 64 zeros.
    process.arguments = ["net_null0", "--socket", path]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    defer { process.terminate() }
    #expect(waits { FileManager.default.fileExists(atPath: path) })

    // Buffers outside of the guest's memory, twice: nothing may arrive, and nothing may end.
    for address: UInt64 in [1 << 40, UInt64.max - 4_096] {
      let broken = try connect(path)
      let activation = try VhostUserBackEndTests.activation()
      offerBuffers(activation, at: address)
      try broken.start(activation)
      usleep(100_000)
      broken.stop()
      #expect(process.isRunning)
    }

    let backEnd = try connect(path)
    let activation = try VhostUserBackEndTests.activation()
    offerBuffers(activation)
    try backEnd.start(activation)
    #expect(waits { usedCount(activation) == 8 })
    // Each is virtio's header and 64 bytes; the poller asks for no doorbell.
    let used = activation.memory.read(at: activation.queues[0].used, byteCount: 12)
    #expect(used == [1, 0, 8, 0, 0, 0, 0, 0, 76, 0, 0, 0])
    backEnd.stop()
    #expect(process.isRunning)
  }
}
