import ImageFixtures
import Testing

@testable import Image

@Suite struct SymbolizerTests {
  private let symbolizer: Symbolizer
  private let text = Fixtures.kernelBase + 0x100000

  init() throws {
    let image = try Image(bytes: Fixtures.image(), named: "image")
    symbolizer = Symbolizer(image.kernel, image.application)
  }

  @Test func functionsOfBothProgramsAreNamed() {
    #expect(symbolizer.name(of: text + 0x10) == "kernel_main + 0x0")
    #expect(symbolizer.name(of: text + 0x4F) == "kernel_main + 0x3f")
    #expect(symbolizer.name(of: 0x400002) == "_start + 0x2")
  }

  @Test func swiftNamesAreReadable() {
    #expect(symbolizer.name(of: text + 0x62) == "Kernel.foo() -> () + 0x12")
  }

  @Test func addressesOutsideFunctionsHaveNoName() {
    #expect(symbolizer.name(of: text) == nil)
    #expect(symbolizer.name(of: text + 0x70) == nil)
    #expect(symbolizer.name(of: Fixtures.kernelBase + 0x103000) == nil)
    #expect(symbolizer.name(of: 0) == nil)
    #expect(symbolizer.name(of: .max) == nil)
  }

  @Test func aReturnAddressBelongsToTheCallBeforeIt() {
    #expect(symbolizer.name(of: text + 0x50, isReturnAddress: true) == "kernel_main + 0x40")
    #expect(symbolizer.name(of: 0, isReturnAddress: true) == nil)
  }
}
