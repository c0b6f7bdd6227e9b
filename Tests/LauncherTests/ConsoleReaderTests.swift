import Image
import ImageFixtures
import Testing

@testable import ixlaunch

@Suite struct ConsoleReaderTests {
  private var reader: ConsoleReader

  init() throws {
    let image = try Image(bytes: Fixtures.image(), named: "image")
    reader = ConsoleReader(symbolizer: Symbolizer(image.kernel, image.application))
  }

  private mutating func lines(_ text: String) -> [String] { reader.lines(from: Array(text.utf8)) }

  @Test mutating func linesAreWholeHoweverTheyArrive() {
    #expect(lines("ab") == [])
    #expect(lines("c\r\nde\n\nf") == ["abc", "de", ""])
    #expect(reader.rest() == ["f"])
    #expect(reader.rest() == [])
  }

  @Test mutating func anEndlessLineIsPassedOnInPieces() {
    #expect(lines(String(repeating: "x", count: 20_000)).map(\.count) == [20_000])
  }

  @Test mutating func reportsNameFunctions() {
    let report = """
      ix: application fault: page fault at rip 0x400001, address 0x10
      ix:   rip 0xffffffff80100062 rflags 0x246
      ix:   backtrace 0xffffffff80100062
      ix:   backtrace 0xffffffff80100050
      ix:   rax 0x400001

      """
    #expect(
      lines(report) == [
        "ix: application fault: page fault at rip 0x400001 _start + 0x1, address 0x10",
        "ix:   rip 0xffffffff80100062 Kernel.foo() -> () + 0x12 rflags 0x246",
        "ix:   backtrace 0xffffffff80100062 Kernel.foo() -> () + 0x12",
        "ix:   backtrace 0xffffffff80100050 kernel_main + 0x40",
        "ix:   rax 0x400001",
      ])
  }

  @Test mutating func theApplicationsOwnLinesAreLeftAlone() {
    #expect(lines("backtrace 0x400001\nix: rip \nix: rip 0x\n").map(\.count) == [18, 8, 10])
  }
}
