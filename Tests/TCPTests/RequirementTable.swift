import Foundation
import Testing

/// How a MUST of RFC 9293 (appendix B) is met: by the test of this name, or not, for this reason.
enum Compliance {
  case test(String)
  case deviation(String)
}

/// One row: the requirements' numbers, what they ask for in short, and the answer.
struct Requirement {
  let numbers: ClosedRange<Int>
  let summary: String
  let compliance: Compliance

  init(_ number: Int, _ summary: String, _ compliance: Compliance) {
    self.init(number...number, summary, compliance)
  }

  init(_ numbers: ClosedRange<Int>, _ summary: String, _ compliance: Compliance) {
    self.numbers = numbers
    self.summary = summary
    self.compliance = compliance
  }
}

extension Requirement {
  static let all: [Requirement] = header + opening + sending + windows + interfaces

  private static let header: [Requirement] = [
    .init(1, "windows are unsigned", .test("bothDirectionsArriveWhole")),
    .init(
      2, "senders fill in the checksum",
      .test("headersAndSoftwareChecksumAreRightForPiecesOfAnyLength")),
    .init(
      3, "receivers check the checksum", .test("isDroppedUnderItsOwnReasonAndDisturbsNothing")),
    .init(4, "EOL, NOP and MSS", .test("hostileOptionsEndTheParsingOrAreSkipped")),
    .init(5, "options in any segment", .test("oldDuplicatesAreDroppedByTheirTimestamp")),
    .init(6...7, "unknown options and lengths", .test("hostileOptionsEndTheParsingOrAreSkipped")),
    .init(64, "options at any alignment", .test("hostileOptionsEndTheParsingOrAreSkipped")),
    .init(65, "MSS in SYNs only", .test("theMSSIsAnnouncedInSYNsOnly")),
    .init(68...69, "option lengths and padding", .test("sackBlocksGoThroughBothWays")),
  ]

  private static let opening: [Requirement] = [
    .init(8, "ISN driven by a clock", .test("aSYNBeyondTheOldNumbersOpensANewConnection")),
    .init(9, "ISN not computable from outside", .test("sipHash24AgreesWithThePaper")),
    .init(10, "simultaneous open", .test("simultaneousOpenEstablishes")),
    .init(11, "passive or active is remembered", .test("aRefusedConnectionIsReported")),
    .init(12, "close and abort are told apart", .test("onlyAnExactResetResets")),
    .init(
      13, "TIME-WAIT for twice the MSL",
      .deviation("60 s by default, as elsewhere; less when slots have run out")),
    .init(
      41, "a listener leaves connections alone", .test("aPassiveOpenReceivesAndAnswersInOneSegment")
    ),
    .init(
      42, "listen beside an attempt",
      .test("aPortCanBeListenedOnWhileAConnectionAttemptIsUnderWay")),
    .init(43...45, "the local address", .test("simultaneousOpenEstablishes")),
    .init(46, "no connection to a group", .test("noConnectionIsOpenedToAGroup")),
    .init(57, "no SYN to a group", .test("isDroppedUnderItsOwnReasonAndDisturbsNothing")),
    .init(63, "no segment from no host", .test("isDroppedUnderItsOwnReasonAndDisturbsNothing")),
  ]

  private static let sending: [Requirement] = [
    .init(14, "MSS is sent and obeyed", .test("theMSSIsAnnouncedInSYNsOnly")),
    .init(
      15...16, "default and effective MSS", .test("segmentsAreAsLongAsBothSidesAndTheDefaultAllow")),
    .init(67, "MSS fits the link", .test("theMSSIsAnnouncedInSYNsOnly")),
    .init(17, "Nagle can be off", .test("aSmallSegmentDoesNotWaitForTheACKOfAnother")),
    .init(18, "RTO as in RFC 6298", .test("lostDataIsSentAgainAfterTheTimeout")),
    .init(
      19, "congestion control", .test("threeDuplicatesRetransmitAndAPartialACKRetransmitsTheNext")),
    .init(20, "R1 and R2", .test("lostDataIsSentAgainAfterTheTimeout")),
    .init(21, "the application sets R2", .test("aUserTimeoutEndsAConnectionInTime")),
    .init(22...23, "SYNs for three minutes", .test("aSYNIsRepeatedForThreeMinutes")),
    .init(24, "keep-alive can be turned on and off", .test("anIdlePeerIsAskedAndItsAnswerCounts")),
    .init(25, "no keep-alive by default", .test("anIdleConnectionIsLeftAloneByDefault")),
    .init(26, "only an idle peer is asked", .test("aPeerThatIsHeardIsNotAsked")),
    .init(27, "the interval is configurable", .test("anIdlePeerIsAskedAndItsAnswerCounts")),
    .init(28, "two hours by default", .deviation("there is no default: who turns it on says when")),
    .init(29, "one lost probe means nothing", .test("aPeerThatNeverAnswersIsGivenUp")),
    .init(
      30...33, "urgent data",
      .deviation("delivered in line and not reported; RFC 6093 advises against its use")),
    .init(62, "the urgent pointer's meaning", .deviation("not used, see above")),
    .init(60...61, "no PUSH flag in SEND", .test("aPassiveOpenReceivesAndAnswersInOneSegment")),
  ]

  private static let windows: [Requirement] = [
    .init(34...35, "a shrinking window", .test("aShrunkenWindowIsSurvivedAndProbed")),
    .init(36...37, "a closed window is probed", .test("aClosedWindowIsProbedUntilItOpens")),
    .init(
      38, "sender's silly windows", .test("aSenderWaitsForHalfTheLargestWindowOrAWholeSegment")),
    .init(39, "receiver's silly windows", .test("aReceiverDoesNotOfferDust")),
    .init(40, "ACKs within 0.5 s", .test("theACKOfALoneSegmentWaits")),
    .init(
      58...59, "ACKs after the whole batch", .test("theSegmentsOfABatchAreAcknowledgedTogether")),
    .init(66, "RST at a closed window", .test("aRSTCountsAtAClosedWindow")),
  ]

  private static let interfaces: [Requirement] = [
    .init(
      47, "soft errors are reported", .deviation("they are counted; there is no event for them")),
    .init(48, "the application sets DSCP", .deviation("the interface has no such call")),
    .init(49, "the TTL is configurable", .deviation("64, as RFC 1700 recommends")),
    .init(50, "unknown IP options", .test("whatIsUnusualButAllowedIsReceived")),
    .init(51...53, "source routes", .deviation("refused on receipt, never sent (RFC 7126)")),
    .init(54, "ICMP errors are acted on", .test("aHardErrorEndsAConnectionAttempt")),
    .init(55, "source quench", .test("onlyErrorsThatMeanSomethingReachTCP")),
    .init(56, "soft errors do not abort", .test("aSoftErrorDoesNot")),
  ]
}

@Suite struct RequirementTableTests {
  /// Prints the table; every number has one row, and every named test is there.
  @Test func everyMustHasATestOrAReason() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent()
    var sources = ""
    for module in ["TCPTests", "NetworkTests", "WireTests"] {
      let files = try FileManager.default.contentsOfDirectory(
        at: folder.appendingPathComponent(module), includingPropertiesForKeys: nil)
      for file in files where file.pathExtension == "swift" {
        sources += try String(contentsOf: file, encoding: .utf8)
      }
    }
    var numbers: [Int] = []
    for row in Requirement.all.sorted(by: { $0.numbers.lowerBound < $1.numbers.lowerBound }) {
      numbers += Array(row.numbers)
      let answer: String
      switch row.compliance {
      case .test(let name):
        #expect(sources.contains("func \(name)("), "no test \(name)")
        answer = name
      case .deviation(let reason): answer = "deviation: " + reason
      }
      let first = "MUST-\(row.numbers.lowerBound)"
      let last = row.numbers.count > 1 ? "..\(row.numbers.upperBound)" : ""
      print("\(first)\(last)\t\(row.summary)\t\(answer)")
    }
    #expect(numbers == Array(1...69))
  }
}
