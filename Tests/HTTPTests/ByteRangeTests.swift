import Testing

@testable import HTTP

@Suite struct ByteRangeTests {
  static let huge = "99999999999999999999999999"

  @Test(arguments: [
    ("bytes=0-0", 10, ByteRange.part(0..<1)), ("bytes=0-9", 10, .part(0..<10)),
    ("bytes=0-10", 10, .part(0..<10)), ("bytes=9-9", 10, .part(9..<10)),
    ("bytes=9-", 10, .part(9..<10)), ("bytes=0-", 10, .part(0..<10)),
    ("bytes=-1", 10, .part(9..<10)), ("bytes=-10", 10, .part(0..<10)),
    ("bytes=-11", 10, .part(0..<10)), ("BYTES= 2-3 ", 10, .part(2..<4)),
    ("bytes=0-\(huge)", 10, .part(0..<10)), ("bytes=-\(huge)", 10, .part(0..<10)),
    ("bytes=007-008", 10, .part(7..<9)),
    ("bytes=10-", 10, .unsatisfiable), ("bytes=10-10", 10, .unsatisfiable),
    ("bytes=\(huge)-", 10, .unsatisfiable), ("bytes=\(huge)-\(huge)", 10, .unsatisfiable),
    ("bytes=-0", 10, .unsatisfiable), ("bytes=0-", 0, .unsatisfiable),
    ("bytes=-5", 0, .whole), ("bytes=3-2", 10, .whole), ("bytes=-", 10, .whole),
    ("bytes=", 10, .whole), ("bytes", 10, .whole), ("", 10, .whole), ("bytes=1", 10, .whole),
    ("bytes=a-b", 10, .whole), ("bytes=1-b", 10, .whole), ("bytes=a-1", 10, .whole),
    ("bytes=1--2", 10, .whole), ("bytes=--1", 10, .whole), ("bytes=+1-2", 10, .whole),
    ("bytes=1- 2", 10, .whole), ("bytes =1-2", 10, .whole), ("items=1-2", 10, .whole),
    ("bytes=0-1,3-4", 10, .whole), ("bytes=0-1,", 10, .whole), ("bytes=,0-1", 10, .whole),
  ])
  func valuesAreReadAsTheStandardSays(value: String, byteCount: Int, range: ByteRange) {
    let bytes = Array("..\(value).".utf8)
    let answer = ByteRange(2..<bytes.count - 1, in: bytes.rawSpan, of: byteCount)
    #expect(answer == range)
  }

  @Test func everyRangeOfASmallFileIsRight() {
    for (first, last) in (0..<6).flatMap({ first in (0..<6).map { (first, $0) } }) {
      let value = Array("bytes=\(first)-\(last)".utf8)
      let answer = ByteRange(0..<value.count, in: value.rawSpan, of: 4)
      let wanted = Array(0..<4).filter { first <= $0 && $0 <= last }
      switch answer {
      case .part(let part): #expect(Array(part) == wanted)
      case .unsatisfiable: #expect(first <= last && wanted.isEmpty)
      case .whole: #expect(first > last)
      }
    }
  }
}
