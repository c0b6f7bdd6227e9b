import Foundation
import HostNetwork
import Testing

@testable import VMM

/// What a launcher tells a monitor, and what the monitor makes of it.
@Suite struct MonitorOrderTests {
  private static var order: MonitorOrder {
    var order = MonitorOrder()
    order.imagePath = "/tmp/a=b c.elf"
    order.entry = 0x10_0000
    order.segments = [
      BootSegment(
        fileOffset: 4, fileByteCount: 8, address: 0x10_0000, memoryByteCount: 4096),
      BootSegment(
        fileOffset: 0, fileByteCount: 0, address: 0x20_0000, memoryByteCount: 1 << 20),
    ]
    order.commandLine = "ip=10.9.0.2/24 args=a=b"
    order.memory = 4 << 20
    order.cores = 3
    order.queuePairs = 2
    order.hardwareAddress = 0x0200_0000_0001
    return order
  }

  @Test(arguments: [
    MonitorOrder.Network.none, .tap("tap0"), .vhostUser("/tmp/a=b"),
  ])
  func aMonitorUnderstandsWhatItIsTold(network: MonitorOrder.Network) {
    var order = Self.order
    order.network = network
    #expect(MonitorOrder(order.words) == order)
    order.debuggerPort = 1234
    #expect(MonitorOrder(order.words) == order)
  }

  @Test(arguments: [
    "", "image", "entry=4294967296", "memory=-1", "memory=0", "cores=0", "queues=0", "cores=x",
    "segment=1:2:3",
    "segment=1:2:3:4:5", "gdb=", "gdb=65536", "segment=1:2:3:x", "colour=red",
  ])
  func anythingElseIsRefused(word: String) {
    #expect(MonitorOrder(Self.order.words + [word]) == nil)
    #expect(MonitorOrder([]) == nil)
  }

  /// Loads one segment of a file of eight bytes.
  private func load(_ segment: BootSegment) throws -> GuestMemory {
    let path = NSTemporaryDirectory() + "ix-\(UUID().uuidString)"
    try Data([1, 2, 3, 4, 5, 6, 7, 8]).write(to: URL(fileURLWithPath: path))
    defer { unlink(path) }
    var order = Self.order
    order.imagePath = path
    order.segments = [segment]
    let memory = try GuestMemory(byteCount: order.memory)
    _ = try BootImage(order, into: memory)
    return memory
  }

  @Test func aSegmentIsPutWhereItBelongs() throws {
    let memory = try load(
      BootSegment(fileOffset: 2, fileByteCount: 6, address: 0x10_0000, memoryByteCount: 4096))
    #expect(memory.read(at: 0x10_0000, byteCount: 8) == [3, 4, 5, 6, 7, 8, 0, 0])
  }

  @Test(arguments: [
    // Beyond RAM, across its end, wrapping around, below 1 MiB, shorter in memory, longer than the file.
    BootSegment(fileOffset: 0, fileByteCount: 8, address: 4 << 20, memoryByteCount: 8),
    BootSegment(fileOffset: 0, fileByteCount: 8, address: 4 << 20 - 4, memoryByteCount: 8),
    BootSegment(fileOffset: 0, fileByteCount: 8, address: .max - 3, memoryByteCount: 8),
    BootSegment(fileOffset: 0, fileByteCount: 8, address: 0x10_0000, memoryByteCount: .max),
    BootSegment(fileOffset: 0, fileByteCount: 8, address: 0xF_0000, memoryByteCount: 8),
    BootSegment(fileOffset: 0, fileByteCount: 8, address: 0x10_0000, memoryByteCount: 4),
    BootSegment(fileOffset: 1, fileByteCount: 8, address: 0x10_0000, memoryByteCount: 8),
    BootSegment(fileOffset: .max, fileByteCount: 8, address: 0x10_0000, memoryByteCount: 8),
  ])
  func oneThatDoesNotFitIsRefused(segment: BootSegment) {
    #expect(throws: MonitorError.self) { _ = try load(segment) }
  }
}
