import Poller
import Testing
import Wire

@Suite struct DepartureTests {
  static let plain = PortAbilities(
    completesTCP: false, completesUDP: false, segmentsTCP: false, mtu: 1_500)
  static let able = PortAbilities(
    completesTCP: true, completesUDP: true, segmentsTCP: true, mtu: 1_500)

  static func departure(
    _ bytes: [UInt8], isPartial: Bool = false, segments: Int = 0, _ port: PortAbilities
  ) -> Departure {
    Departure(
      of: bytes.span.bytes, isPartial: isPartial, segmentByteCount: segments, port: port)
  }

  @Test func completeFramesGoAsTheyAreWhateverTheyAre() {
    let frames = [
      SampleFrame(payload: [1]).bytes, [UInt8](repeating: 0xFF, count: 14),
      [UInt8](repeating: 0xFF, count: 1_518),
    ]
    for frame in frames { #expect(Self.departure(frame, Self.plain) == .asItIs) }
  }

  @Test(arguments: [0, 13, 1_519, 65_535]) func noOtherLengthLeaves(byteCount: Int) {
    let frame = [UInt8](repeating: 0, count: byteCount)
    #expect(Self.departure(frame, Self.able) == .dropLength)
    #expect(Self.departure(frame, isPartial: true, Self.able) == .dropLength)
  }

  @Test(arguments: [true, false]) func checksumsAreCompletedByThePortOrHere(isTCP: Bool) throws {
    let bytes = SampleFrame(isTCP: isTCP, payload: [1]).bytes
    let headers = try #require(found(in: bytes))
    #expect(Self.departure(bytes, isPartial: true, Self.able) == .leaveToPort(headers))
    #expect(Self.departure(bytes, isPartial: true, Self.plain) == .completeChecksum(headers))
    var other = Self.plain
    if isTCP { other.completesUDP = true } else { other.completesTCP = true }
    #expect(Self.departure(bytes, isPartial: true, other) == .completeChecksum(headers))
  }

  @Test func longFramesAreCutByThePortOrHere() throws {
    let bytes = SampleFrame(payload: [UInt8](repeating: 1, count: 9_000)).bytes
    let headers = try #require(found(in: bytes))
    let able = Self.departure(bytes, isPartial: true, segments: 1_448, Self.able)
    #expect(able == .leaveToPort(headers))
    let plain = Self.departure(bytes, isPartial: true, segments: 1_448, Self.plain)
    #expect(plain == .segment(headers))
  }

  @Test func segmentsTooLongForTheLinkDoNotLeave() {
    let bytes = SampleFrame(payload: [UInt8](repeating: 1, count: 9_000)).bytes
    // Headers of 66 bytes; the link takes 1,518.
    #expect(Self.departure(bytes, segments: 1_453, Self.able) == .dropLength)
    #expect(Self.departure(bytes, segments: 1_453, Self.plain) == .dropLength)
    #expect(Self.departure(bytes, segments: 1_452, Self.plain) != .dropLength)
  }

  @Test func whatCannotBeDoneIsDropped() {
    let fragment = SampleFrame(payload: [1], fragmentField: 0x2000).bytes
    let udp = SampleFrame(isTCP: false, payload: [UInt8](repeating: 1, count: 3_000)).bytes
    #expect(Self.departure(fragment, isPartial: true, Self.able) == .dropRequest)
    #expect(Self.departure(udp, isPartial: true, segments: 1_000, Self.able) == .dropRequest)
    #expect(Self.departure(udp, isPartial: true, segments: 1, Self.able) == .dropRequest)
  }

  /// Seeded noise over whole frames: every answer is one the port can carry out.
  @Test func noiseNeverMakesAFrameThatIsTooLong() {
    var random = Noise(state: 42)
    for _ in 0..<20_000 {
      var bytes = SampleFrame(
        isIPv6: random.next() % 2 == 0, isTCP: random.next() % 4 != 0,
        payload: [UInt8](repeating: 1, count: Int(random.next() % 4_000))
      ).bytes
      for _ in 0..<(random.next() % 4) {
        bytes[Int(random.next() % 70) % bytes.count] = UInt8(truncatingIfNeeded: random.next())
      }
      let segments = random.next() % 2 == 0 ? 0 : Int(random.next() % 2_000)
      let departure = Self.departure(bytes, isPartial: true, segments: segments, Self.plain)
      guard case .segment(let headers) = departure,
        let segmentation = Segmentation(headers, segmentByteCount: segments)
      else { continue }
      for index in 0..<segmentation.count {
        let count = segmentation.frameByteCount(of: index)
        #expect(count <= 1_518)
        let part = edited([UInt8](repeating: 0, count: count)) {
          segmentation.emit(index, of: bytes.span.bytes, into: &$0)
        }
        #expect(found(in: part)?.endOffset == count)
      }
    }
  }
}

/// Knuth's linear congruential generator (TAOCP, volume 2, section 3.3.4).
struct Noise {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }
}
