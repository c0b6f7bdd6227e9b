import CIXABI
import Dataplane
import IXABI
import Packets
import Testing

@testable import ControlPlane

/// The host's side of the control page against the kernel's.
@Suite struct ControlPageTests {
  @Test func whatTheKernelShowsIsRead() throws {
    let guest = try FakeGuest()
    let block = guest.block(1)
    block.set(.sleeping)
    block.beginUpdate(now: Instant(nanoseconds: 1234))
    block.set(.frames, 77)
    block.set(.tcpRetransmittedSegments, 5)
    block.set(.queueDepth, 512)
    block.set(dropAt: 3, 9)
    block.set(.tcpBadCookie, 4)
    block.endUpdate()
    let page = try ControlPage(guest.memory)
    #expect(page.coreCount == 2)
    let core = try #require(page.snapshot(1))
    #expect(core.state == .sleeping)
    #expect(core.heartbeat == 1234)
    #expect(core[.frames] == 77)
    #expect(core[.tcpRetransmittedSegments] == 5)
    #expect(core.queueDepth == 2)
    #expect(core.dropsByReason.map { $0.name } == ["link_tagged", "tcp_bad_cookie"])
    #expect(core.dropsByReason.map { $0.count } == [9, 4])
  }

  @Test func anUpdateThatNeverEndsIsNotWaitedFor() throws {
    let guest = try FakeGuest()
    let block = guest.block(0)
    block.beginUpdate(now: Instant(nanoseconds: 1))
    let page = try ControlPage(guest.memory)
    #expect(page.snapshot(0) == nil)
    #expect(page.snapshots() == nil)
  }

  @Test func commandsReachTheKernelAndItsAnswersTheHost() throws {
    let guest = try FakeGuest()
    var block = guest.block(0)
    let page = try ControlPage(guest.memory)
    for number in 0..<20 {
      let given = try #require(page.give(.setBatch, [UInt64(number)], core: 0))
      #expect(page.result(given, core: 0) == nil)
      let hasCommand = block.hasCommand
      #expect(hasCommand)
      let argument = block.nextCommand()?.arguments.0
      #expect(argument == UInt64(number))
      block.complete(number == 7 ? .badArgument : .ok)
      #expect(page.result(given, core: 0) == (number == 7 ? .badArgument : .ok))
    }
    for _ in 0..<8 { #expect(page.give(.print, [], core: 0) != nil) }
    #expect(page.give(.print, [], core: 0) == nil)
  }

  @Test func capturedFramesComeOutAndMakeRoom() throws {
    let guest = try FakeGuest()
    let block = guest.block(0)
    var ring = CaptureRing(guest.place(0))
    ring.snapByteCount = 2048
    let page = try ControlPage(guest.memory)
    for round in 0..<100 {
      for count in 60..<70 {
        let bytes = [UInt8](repeating: UInt8(count), count: count + round)
        ring.append(received: bytes.span.bytes, now: Instant(nanoseconds: UInt64(count)))
      }
      ring.update(tail: block.captureTail)
      block.setCapture(head: ring.head, captured: ring.captured, dropped: ring.dropped)
      let frames = page.takeCaptured(0)
      #expect(frames.map { $0.originalByteCount } == (60..<70).map { $0 + round })
      #expect(frames.allSatisfy { $0.bytes.allSatisfy { UInt64($0) == 60 || $0 < 70 } })
      ring.update(tail: block.captureTail)
    }
    #expect(ring.dropped == 0)
  }

  /// A guest may write anything.
  @Test func aRingThatMakesNoSenseYieldsNothing() throws {
    let guest = try FakeGuest()
    _ = guest.block(0)
    let page = try ControlPage(guest.memory)
    let core = guest.core(0)
    let good = (core.pointee.capture_bytes, core.pointee.capture_byte_count)
    for (address, size, head) in [
      (good.0, good.1, UInt64.max), (good.0, 1 << 40, 64), (good.0, 5000, 64),
      (1 << 50, good.1, 64),
      (good.0 + 1, good.1, 64), (4 << 20, good.1, 64),
    ] {
      core.pointee.capture_bytes = address
      core.pointee.capture_byte_count = size
      core.pointee.capture_head = head
      core.pointee.capture_tail = 0
      #expect(page.takeCaptured(0) == [])
    }
    // A record that is longer than the ring.
    (core.pointee.capture_bytes, core.pointee.capture_byte_count) = good
    core.pointee.capture_tail = 0
    let ring = guest.memory.pointer(to: good.0, byteCount: 64)
    ring.storeBytes(of: .max, as: UInt64.self)
    core.pointee.capture_head = 64
    #expect(page.takeCaptured(0) == [])
  }

  @Test func aPageThatMakesNoSenseIsRefused() throws {
    #expect(throws: ControlPage.Absence.notThere) {
      _ = try ControlPage(FakeGuest(hasHeader: false).memory)
    }
    let guest = try FakeGuest()
    guest.change { $0.version = 7 }
    #expect(throws: ControlPage.Absence.version(7)) { _ = try ControlPage(guest.memory) }
    let damages: [(inout ix_control_header) -> Void] = [
      { $0.core_count = 0 }, { $0.core_count = 65 }, { $0.core_count = .max },
      { $0.core_blocks = 1 << 40 }, { $0.core_blocks += 8 }, { $0.core_blocks = 4 << 20 },
      { $0.core_block_stride = 0 }, { $0.core_block_stride = .max },
      { $0.core_block_stride = 2817 },
    ]
    for damage in damages {
      let guest = try FakeGuest()
      guest.change(damage)
      #expect(throws: ControlPage.Absence.malformed) { _ = try ControlPage(guest.memory) }
    }
  }
}
