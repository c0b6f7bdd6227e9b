import Packets
import TCP
import Testing
import Wire

@testable import Network

@Suite struct EchoTests {
  @Test(arguments: [0, 1, 2, 3, 47, 48, 49, 56, 1000, 1471, 1472])
  func anEchoRequestOfAnySizeComesBackByteForByte(count: Int) {
    var bench = Bench()
    let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    bench.receive(Frames.echoRequest(payload: payload))
    let sent = bench.sent()
    #expect(sent == [Frames.echoReply(payload: payload)])
  }

  @Test func theAdjustedChecksumIsRightForEveryRequest() {
    var payload: [UInt8] = [0, 0]
    for word in UInt16.min...UInt16.max {
      // Every checksum a request can have, zero and its complement included.
      payload[0] = UInt8(word >> 8)
      payload[1] = UInt8(word & 0xFF)
      let request = Frames.icmp(8, 0, [0x12, 0x34, 0, 1] + payload)
      let reply = Frames.icmp(0, 0, [0x12, 0x34, 0, 1] + payload)
      let checksum = NetworkStack<NewReno>.checksumOfReply(
        toRequestWith: UInt16(request[2]) << 8 | UInt16(request[3]))
      let expected = UInt16(reply[2]) << 8 | UInt16(reply[3])
      if checksum != expected { #expect(checksum == expected, "payload \(payload)") }
    }
  }

  @Test func theReplyIsReadFromTheReceivedBufferWhichIsKeptUntilTheDeviceHasFinished() {
    var bench = Bench()
    bench.device.finishesAtOnce = false
    bench.receive(Frames.echoRequest(payload: [1, 2, 3]))
    bench.cycle()
    let held = bench.pool.freeCount
    #expect(held == Bench.bufferCount - 1)
    bench.device.finish()
    bench.cycle()
    let free = bench.pool.freeCount
    #expect(free == Bench.bufferCount)
  }

  @Test func trailingPaddingIsNotEchoed() {
    var bench = Bench()
    bench.receive(Frames.echoRequest(payload: [9]) + [UInt8](repeating: 0xEE, count: 17))
    let sent = bench.sent()
    #expect(sent == [Frames.echoReply(payload: [9])])
  }

  @Test func aFullDeviceCostsTheReplyAndNothingElse() {
    var bench = Bench()
    bench.device.transmitCapacity = 0
    bench.receive(Frames.echoRequest(payload: [1]))
    let (free, full) = (bench.pool.freeCount, bench.stack.output.counters.deviceFull)
    #expect(free == Bench.bufferCount)
    #expect(full == 1)
    let replies = bench.stack.output.counters.echoReplies
    #expect(replies == 0)
  }

  /// The code means nothing in an echo (RFC 792); others answer it, too.
  @Test func anEchoWithACodeIsAnsweredWithTheSame() {
    var bench = Bench()
    bench.receive(Frames.packet(Frames.ipv4(1, Frames.icmp(8, 9, [0, 1, 0, 2, 3]))))
    let sent = bench.sent()
    let reply = Frames.ipv4(
      1, Frames.icmp(0, 9, [0, 1, 0, 2, 3]), to: Bench.peer, from: Bench.address)
    #expect(
      sent == [Frames.ethernet(0x0800, reply, to: Bench.peerHardware, from: Bench.hardware)])
  }
}
