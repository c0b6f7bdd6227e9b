import Testing

@testable import HTTP

@Suite struct CharacterTests {
  @Test func tokensAreMadeOfWhatTheStandardLists() {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    let token = Set((letters + "!#$%&'*+-.^_`|~").utf8)
    for byte in UInt8.min...UInt8.max { #expect(byte.isToken == token.contains(byte)) }
  }

  @Test func theTableOfClassesHoldsWhatThePropertiesSay() {
    for byte in UInt8.min...UInt8.max {
      let isPlain = byte.isTarget && byte != UInt8(ascii: "?") && byte != UInt8(ascii: "%")
      #expect(CharacterClass.token.contains(byte) == byte.isToken)
      #expect(CharacterClass.plainPath.contains(byte) == isPlain)
      #expect(CharacterClass.authority.contains(byte) == byte.isAuthority)
    }
  }

  @Test(arguments: 0..<26) func theEndOfTextIsFoundWhereverItIs(place: Int) {
    for (byte, filler) in (UInt8.min...UInt8.max).flatMap({ [($0, 0x20), ($0, 0xFF)] }) {
      var text = [UInt8](repeating: UInt8(filler), count: 26)
      text[place] = byte
      for start in [0, 1, 7, 8, place, place + 1] where start <= 26 {
        let expected = byte.isText || start > place ? 26 : place
        let end = text.rawSpan.endOfText(from: start)
        #expect(end == expected)
      }
    }
  }

  @Test func textIsEverythingButControlsOtherThanTab() {
    for byte in UInt8.min...UInt8.max {
      #expect(byte.isText == (byte == 9 || byte >= 32 && byte != 127))
    }
  }
}
