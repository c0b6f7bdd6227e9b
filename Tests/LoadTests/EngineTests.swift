import Testing

@testable import ixload

@Suite struct ArrivalTests {
  @Test func poissonArrivalsHaveTheMeanAndTheSpreadOfTheirProcess() {
    var arrivals = Arrivals(from: 0, perSecond: 1000, seed: 7)
    var intervals: [Double] = []
    var last = arrivals.next
    for _ in 0..<100_000 {
      arrivals.advance()
      intervals.append(Double(arrivals.next - last))
      last = arrivals.next
    }
    let mean = intervals.reduce(0, +) / Double(intervals.count)
    let variance = intervals.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(intervals.count)
    // One millisecond; an exponential distribution's deviation is its mean.
    #expect(abs(mean - 1e6) < 2e4)
    #expect(abs(variance.squareRoot() - mean) < 3e4)
  }
}

@Suite struct QueueTests {
  @Test func elementsLeaveInTheOrderTheyCame() {
    var queue = Queue<Int>()
    var next = 0
    for number in 0..<30_000 {
      queue.append(number)
      guard number % 3 != 0 else { continue }
      #expect(queue.popFirst() == next)
      next += 1
    }
    #expect(queue.count == 30_000 - next)
    while let number = queue.popFirst() {
      #expect(number == next)
      next += 1
    }
    #expect(next == 30_000 && queue.isEmpty)
  }
}

@Suite struct AddressTests {
  @Test(arguments: ["10.9.0.2", "255.255.255.255", "0.0.0.0"])
  func dottedQuadsAreRead(_ text: String) throws {
    #expect(try Endpoint(text, port: 7).description == text + ":7")
  }

  @Test(arguments: ["", "10.9.0", "10.9.0.256", "10.9.0.1.1", "10.9..1", "host"])
  func whatIsNoneIsRefused(_ text: String) { #expect(parseIPv4(text) == nil) }

  @Test func rangesIncludeBothEnds() {
    #expect(parseIPv4Range("10.9.0.254-10.9.1.1")?.count == 4)
    #expect(parseIPv4Range("10.9.0.1")?.count == 1)
    #expect(parseIPv4Range("10.9.0.2-10.9.0.1") == nil)
    #expect(parseIPv4Range("10.9.0.1-") == nil)
  }
}

@Suite struct FigureTests {
  @Test func decimalsAreRoundedAndPadded() {
    #expect(fixed(3.14159, 3) == "3.142")
    #expect(fixed(2.05, 1) == "2.1")
    #expect(fixed(7, 3) == "7.000")
    #expect(fixed(12.6, 0) == "13")
  }
}
