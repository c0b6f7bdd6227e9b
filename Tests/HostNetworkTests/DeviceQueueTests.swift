import Drivers
import Testing
import Wire

@testable import HostNetwork

/// A driver that writes whatever it likes to a queue of 8 descriptors.
struct HostileDriver {
  static let table: UInt64 = 0x1000
  static let available: UInt64 = 0x2000
  static let used: UInt64 = 0x3000
  static let size = 8

  let memory: GuestMemory
  private(set) var position: UInt16 = 0

  init() throws { memory = try GuestMemory(byteCount: 1 << 20) }

  func queue(
    features: VirtioFeatures = .version1 | .indirectDescriptors
  ) throws -> DeviceQueue {
    try DeviceQueue(setup(), features: features, memory: memory)
  }

  func setup(
    size: Int = Self.size, table: UInt64 = Self.table, available: UInt64 = Self.available,
    used: UInt64 = Self.used
  ) throws -> QueueSetup {
    QueueSetup(
      size: size, descriptors: table, available: available, used: used, kick: try .event(),
      call: try .event())
  }

  func write(_ value: some FixedWidthInteger, at address: UInt64) {
    let bytes = withUnsafeBytes(of: value.littleEndian) { Array($0) }
    #expect(memory.write(bytes[...], at: address))
  }

  func descriptor(
    _ index: Int, _ address: UInt64, _ byteCount: UInt32, flags: UInt16 = 0, next: UInt16 = 0,
    table: UInt64 = Self.table
  ) {
    let place = table + UInt64(16 * index)
    write(address, at: place)
    write(byteCount, at: place + 8)
    write(flags, at: place + 12)
    write(next, at: place + 14)
  }

  mutating func offer(_ head: UInt16) {
    write(head, at: Self.available + 4 + 2 * UInt64(position % UInt16(Self.size)))
    position &+= 1
    write(position, at: Self.available + 2)
  }
}

@Suite struct DeviceQueueTests {
  @Test func aChainArrivesAndGoesBack() throws {
    var driver = try HostileDriver()
    var queue = try driver.queue()
    var chain = DescriptorChain(capacity: 8)
    #expect(try !queue.take(&chain))
    driver.descriptor(3, 0x8000, 4, flags: 1, next: 5)
    driver.descriptor(5, 0x9000, 2, flags: 3, next: 1)
    driver.descriptor(1, 0xA000, 6, flags: 2)
    #expect(driver.memory.write([1, 2, 3, 4], at: 0x8000))
    driver.offer(3)
    let hasNext = queue.hasNext
    #expect(hasNext)
    #expect(try queue.take(&chain))
    #expect(chain.readBytes(limit: 100) == [1, 2, 3, 4])
    #expect(chain.readBytes(limit: 3) == [1, 2, 3])
    #expect(chain.writableByteCount == 8)
    #expect(chain.write([9, 8, 7]) == 3)
    #expect(driver.memory.read(at: 0x9000, byteCount: 2) == [9, 8])
    #expect(driver.memory.read(at: 0xA000, byteCount: 2) == [7, 0])
    queue.put(chain.head, byteCount: 3)
    #expect(driver.memory.read(at: HostileDriver.used + 2, byteCount: 2) == [0, 0])
    queue.publish()
    #expect(
      driver.memory.read(at: HostileDriver.used, byteCount: 12)
        == [0, 0, 1, 0, 3, 0, 0, 0, 3, 0, 0, 0])
    #expect(try !queue.take(&chain))
  }

  @Test func anIndirectTableIsAChain() throws {
    var driver = try HostileDriver()
    var queue = try driver.queue()
    var chain = DescriptorChain(capacity: 8)
    driver.descriptor(0, 0x8000, 4, flags: 1, next: 1, table: 0x5000)
    driver.descriptor(1, 0x9000, 5, table: 0x5000)
    driver.descriptor(0, 0x5000, 32, flags: 4)
    driver.offer(0)
    #expect(try queue.take(&chain))
    #expect(chain.readableByteCount == 9)
  }

  @Test func aChainOfEmptyBuffersIsEmpty() throws {
    var driver = try HostileDriver()
    var queue = try driver.queue()
    var chain = DescriptorChain(capacity: 8)
    driver.descriptor(0, UInt64.max, 0)
    driver.offer(0)
    #expect(try queue.take(&chain))
    #expect(chain.readableCount == 0 && chain.writableCount == 0)
  }

  struct Breach: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let violation: QueueViolation
    var features: VirtioFeatures = .version1 | .indirectDescriptors
    let act: @Sendable (inout HostileDriver) -> Void
  }

  static let breaches: [Breach] = [
    Breach(testDescription: "position jumps", violation: .positionJump) {
      $0.write(UInt16(9), at: HostileDriver.available + 2)
    },
    Breach(testDescription: "position goes back", violation: .positionJump) {
      $0.write(UInt16.max, at: HostileDriver.available + 2)
    },
    Breach(testDescription: "head beyond the table", violation: .badIndex) { $0.offer(8) },
    Breach(testDescription: "next beyond the table", violation: .badIndex) {
      $0.descriptor(0, 0x8000, 1, flags: 1, next: 0xFFFF)
      $0.offer(0)
    },
    Breach(testDescription: "loop", violation: .chainTooLong) {
      $0.descriptor(0, 0x8000, 1, flags: 1, next: 0)
      $0.offer(0)
    },
    Breach(testDescription: "loop of empty buffers", violation: .chainTooLong) {
      $0.descriptor(0, 0x8000, 0, flags: 1, next: 0)
      $0.offer(0)
    },
    Breach(testDescription: "buffer past RAM", violation: .badAddress) {
      $0.descriptor(0, (1 << 20) - 1, 2)
      $0.offer(0)
    },
    Breach(testDescription: "buffer that wraps", violation: .badAddress) {
      $0.descriptor(0, UInt64.max - 1, 4)
      $0.offer(0)
    },
    Breach(testDescription: "readable after writable", violation: .readableAfterWritable) {
      $0.descriptor(0, 0x8000, 1, flags: 3, next: 1)
      $0.descriptor(1, 0x8000, 1)
      $0.offer(0)
    },
    Breach(testDescription: "indirect in indirect", violation: .badIndirectTable) {
      $0.descriptor(0, 0x6000, 16, flags: 4, table: 0x5000)
      $0.descriptor(0, 0x5000, 16, flags: 4)
      $0.offer(0)
    },
    Breach(testDescription: "indirect with next", violation: .badIndirectTable) {
      $0.descriptor(0, 0x5000, 16, flags: 5, next: 1)
      $0.offer(0)
    },
    Breach(testDescription: "indirect of odd size", violation: .badIndirectTable) {
      $0.descriptor(0, 0x5000, 17, flags: 4)
      $0.offer(0)
    },
    Breach(testDescription: "empty indirect table", violation: .badIndirectTable) {
      $0.descriptor(0, 0x5000, 0, flags: 4)
      $0.offer(0)
    },
    Breach(testDescription: "indirect table outside RAM", violation: .badAddress) {
      $0.descriptor(0, (1 << 20) - 16, 32, flags: 4)
      $0.offer(0)
    },
    Breach(testDescription: "indirect next beyond its table", violation: .badIndex) {
      $0.descriptor(0, 0x8000, 1, flags: 1, next: 1, table: 0x5000)
      $0.descriptor(0, 0x5000, 16, flags: 4)
      $0.offer(0)
    },
    Breach(testDescription: "indirect loop", violation: .chainTooLong) {
      $0.descriptor(0, 0x8000, 1, flags: 1, next: 0, table: 0x5000)
      $0.descriptor(0, 0x5000, 16, flags: 4)
      $0.offer(0)
    },
    Breach(
      testDescription: "indirect not agreed on", violation: .badIndirectTable, features: .version1
    ) {
      $0.descriptor(0, 0x5000, 16, flags: 4)
      $0.offer(0)
    },
  ]

  @Test(arguments: breaches)
  func aBrokenRuleIsNamed(breach: Breach) throws {
    var driver = try HostileDriver()
    var queue = try driver.queue(features: breach.features)
    var chain = DescriptorChain(capacity: 8)
    breach.act(&driver)
    #expect(throws: breach.violation) { _ = try queue.take(&chain) }
  }

  @Test(
    arguments: [
      (0, 0x1000, 0x2000, 0x3000), (3, 0x1000, 0x2000, 0x3000), (65_536, 0x1000, 0x2000, 0x3000),
      (8, 0x1008, 0x2000, 0x3000), (8, 0x1000, 0x2001, 0x3000), (8, 0x1000, 0x2000, 0x3002),
      (8, (1 << 20) - 112, 0x2000, 0x3000), (8, 0x1000, (1 << 20) - 20, 0x3000),
      (8, 0x1000, 0x2000, UInt64.max - 3), (32_768, 0x80000, 0x2000, 0xFF000),
    ] as [(Int, UInt64, UInt64, UInt64)])
  func aQueueThatCannotBeIsRefused(
    size: Int, table: UInt64, available: UInt64, used: UInt64
  ) throws {
    let driver = try HostileDriver()
    let setup = try driver.setup(size: size, table: table, available: available, used: used)
    #expect(throws: QueueViolation.badLayout) {
      _ = try DeviceQueue(setup, features: .version1, memory: driver.memory)
    }
  }

  /// Two thousand queues of garbage: the queue answers each with a chain inside RAM or a violation.
  @Test func noGarbageIsFollowed() throws {
    var random = SplitMix(state: 0x1234)
    for _ in 0..<2_000 {
      let driver = try HostileDriver()
      var queue = try driver.queue()
      var chain = DescriptorChain(capacity: 8)
      for index in 0..<16 {
        let bits = random.next()
        driver.descriptor(
          index, random.next() & (bits & 1 == 0 ? 0xFFFF : 0x1F_FFFF), UInt32(bits >> 40) & 0x7FF,
          flags: UInt16(bits >> 8 & 7), next: UInt16(bits >> 16 & 15),
          table: bits & 2 == 0 ? 0x1000 : 0x0)
      }
      for slot in 0..<8 { driver.write(UInt16(random.next() & 9), at: 0x2004 + UInt64(2 * slot)) }
      driver.write(UInt16(random.next() & 15), at: 0x2002)
      do {
        for _ in 0..<32 where try queue.take(&chain) {
          #expect(chain.readableCount + chain.writableCount <= 8)
          _ = chain.readBytes(limit: 1 << 20)
          _ = chain.write([1, 2, 3])
          queue.put(chain.head, byteCount: 3)
          queue.publish()
        }
      } catch {}  // a QueueViolation, by type
    }
  }
}

/// Steele, Lea and Flood's generator: the same numbers in every run.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
