import ImageFixtures
import Testing

@testable import Image

@Suite struct ImageComposerTests {
  private func compose(
    kernel: TinyELF = Fixtures.kernel, application: TinyELF = Fixtures.application
  ) -> Result<[UInt8], ImageError> {
    do {
      return .success(try Fixtures.image(kernel: kernel, application: application))
    } catch let error as ImageError {
      return .failure(error)
    } catch {
      Issue.record(error)
      return .success([])
    }
  }

  private func reason(
    kernel: TinyELF = Fixtures.kernel, application: TinyELF = Fixtures.application
  )
    -> String?
  {
    guard case .failure(let error) = compose(kernel: kernel, application: application) else {
      return nil
    }
    return error.reason
  }

  @Test func anImageKeepsWhatItIsMadeOf() throws {
    let image = try Image(bytes: Fixtures.image(), named: "image")
    #expect(image.pvhEntry == 0x100010)
    #expect(image.abiVersion == 1)
    #expect(image.description == (try Fixtures.description()))
    #expect(image.kernel.section(named: ".text")?.contents == Fixtures.kernel.pieces[0].bytes)
    #expect(image.application.entry == 0x400000)
    #expect(
      image.application.section(named: ".text")?.contents == Fixtures.application.pieces[0].bytes)
  }

  @Test func theApplicationLiesOnTheNextLargePageAndTheKernelIsTold() throws {
    let image = try Image(bytes: Fixtures.image(), named: "image")
    let segment = try #require(image.kernel.loadedSegments.last)
    #expect(segment.physicalAddress == 0x200000)
    #expect(segment.virtualAddress == Fixtures.kernelBase + 0x200000)
    #expect(segment.permissions == .read)
    #expect(segment.fileByteCount == UInt64(image.applicationByteCount))
    let descriptor = try #require(image.kernel.section(named: ".ix.descriptor")).contents
    #expect(Array(descriptor.prefix(8)) == Array("IXIMAGE1".utf8))
    #expect(Array(descriptor[8..<16]) == le(UInt32(1)) + le(UInt32(0)))
    #expect(Array(descriptor[16..<24]) == le(UInt64(0x200000)))
    #expect(Array(descriptor[24..<32]) == le(UInt64(image.applicationByteCount)))
    let pages = (image.applicationByteCount + 4095) / 4096
    #expect(image.physicalEnd == 0x200000 + UInt64(pages * 4096))
    #expect(image.contentByteCount == 0)
    #expect(Array(descriptor[36..<64]).allSatisfy { $0 == 0 })
  }

  @Test func debugInformationIsDroppedAndSymbolsStay() throws {
    let image = try Image(bytes: Fixtures.image(), named: "image")
    #expect(image.kernel.section(named: ".debug_info") == nil)
    #expect(image.application.section(named: ".debug_line") == nil)
    #expect(image.kernel.symbols.map(\.name).contains("kernel_main"))
    #expect(image.application.symbols.map(\.name) == ["_start"])
  }

  @Test func theSameInputsGiveTheSameBytes() throws {
    #expect(try Fixtures.image() == Fixtures.image())
  }

  @Test func aLinkerScriptMayReserveProgramHeaders() throws {
    var kernel = Fixtures.kernel
    kernel.segments.append(.init(piece: 0, kind: 0, permissions: 0, physicalAddress: 0))
    let image = try Image(bytes: Fixtures.image(kernel: kernel), named: "image")
    #expect(image.kernel.segments.allSatisfy { $0.kind != 0 })
  }

  @Test func aKernelWithoutDescriptorOrEntryNoteIsRefused() {
    var kernel = Fixtures.kernel
    kernel.pieces[1].name = ".rodata"
    #expect(reason(kernel: kernel) == "the kernel has no 64-byte section .ix.descriptor")
    kernel = Fixtures.kernel
    kernel.pieces[1].bytes.removeLast()
    #expect(reason(kernel: kernel) == "the kernel has no 64-byte section .ix.descriptor")
    kernel = Fixtures.kernel
    kernel.segments.removeLast()
    #expect(reason(kernel: kernel) == "the kernel has no PVH entry note")
  }

  @Test func aKernelOfAnotherABIIsRefused() {
    var kernel = Fixtures.kernel
    kernel.pieces[1].bytes.replaceSubrange(0..<12, with: Array("IXIMAGE1".utf8) + le(UInt32(2)))
    #expect(reason(kernel: kernel) == "the kernel has ABI 2, not 1")
  }

  @Test func aKernelWithoutRoomForHeadersIsRefused() {
    var kernel = Fixtures.kernel
    kernel.firstOffset = 64 + 6 * 56
    #expect(reason(kernel: kernel) == "there is no room for more program headers")
  }

  @Test func writableAndExecutableMemoryIsRefused() {
    var kernel = Fixtures.kernel
    kernel.segments[3].permissions = 7
    let text = "its segment at 0xffffffff80103000 is writable and executable"
    #expect(reason(kernel: kernel) == text)
    var application = Fixtures.application
    application.segments[0].permissions = 7
    #expect(
      reason(application: application) == "its segment at 0x400000 is writable and executable")
  }

  @Test func overlappingSegmentsAreRefused() {
    var kernel = Fixtures.kernel
    kernel.pieces[1].address = Fixtures.kernelBase + 0x1000FF
    #expect(reason(kernel: kernel)?.hasSuffix("overlap") == true)
  }

  @Test func physicallyOverlappingSegmentsMakeNoImage() throws {
    var kernel = Fixtures.kernel
    kernel.segments[1].physicalAddress = 0x100080
    let bytes = try Fixtures.image(kernel: kernel)
    #expect(throws: ImageError.self) { _ = try Image(bytes: bytes, named: "image") }
  }

  @Test func anApplicationThatCannotStartIsRefused() {
    var application = Fixtures.application
    application.entry = 0x500000
    #expect(
      reason(application: application) == "its entry point 0x500000 is in no executable segment")
    application = Fixtures.application
    application.pieces[0].address = Fixtures.kernelBase
    #expect(
      reason(application: application)
        == "its segment at 0xffffffff80000000 is outside user memory")
    application = Fixtures.application
    application.machine = 183
    #expect(reason(application: application) == "it is not a 64-bit x86 ELF executable")
    application = Fixtures.application
    application.segments = []
    #expect(reason(application: application) == "it has no segment to load")
  }
}
