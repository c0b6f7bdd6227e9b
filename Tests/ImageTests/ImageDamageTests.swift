import CIXABI
import ImageFixtures
import Testing

@testable import Image

/// No damaged file is taken for an image, and none crashes the reader.
@Suite struct ImageDamageTests {
  private let whole: [UInt8]

  init() throws { whole = try Fixtures.image() }

  private func isRefused(_ bytes: [UInt8]) -> Bool {
    do {
      _ = try Image(bytes: bytes, named: "image")
      return false
    } catch {
      return !error.reason.isEmpty && !error.remedy.isEmpty
    }
  }

  private func failure(_ bytes: [UInt8]) -> ImageError? {
    do {
      _ = try Image(bytes: bytes, named: "image")
      return nil
    } catch {
      return error
    }
  }

  /// `whole` with a valid checksum again after `change`.
  private func resealed(_ change: (inout [UInt8], [Note]) -> Void) throws -> [UInt8] {
    var bytes = whole
    let notes = try ELF(parsing: bytes, named: "image").notes(in: bytes)
    let note = notes.first(where: \.isChecksum)
    let seal = try #require(note).descriptorOffset
    change(&bytes, notes)
    bytes.store(littleEndian: UInt32(0), at: seal)
    bytes.store(littleEndian: CRC32.of(bytes), at: seal)
    return bytes
  }

  @Test func theCheckValueOfTheCRCIsRight() {
    #expect(CRC32.of(Array("123456789".utf8)) == 0xCBF4_3926)
  }

  @Test func everyTruncationIsRefused() {
    let survivors = (0..<whole.count).filter { !isRefused(Array(whole[..<$0])) }
    #expect(survivors == [])
  }

  @Test func aFlippedBitInAnyByteIsRefused() {
    let survivors = whole.indices.filter { index in
      var bytes = whole
      bytes[index] ^= 1 << (index % 8)
      return !isRefused(bytes)
    }
    #expect(survivors == [])
  }

  @Test func everyFlippedBitOfTheHeadersIsRefused() {
    let survivors = (0..<(512 * 8)).filter { bit in
      var bytes = whole
      bytes[bit / 8] ^= 1 << (bit % 8)
      return !isRefused(bytes)
    }
    #expect(survivors == [])
  }

  @Test func appendedBytesAreRefused() {
    #expect(failure(whole + [0])?.kind == .damaged)
  }

  @Test func anotherABIIsNamed() throws {
    let newer = try resealed { bytes, notes in
      let note = notes.first(where: \.isDescription)
      bytes.store(littleEndian: UInt32(IX_ABI_VERSION + 1), at: note?.descriptorOffset ?? 0)
    }
    #expect(
      failure(newer)?.description
        == "image: it has ABI 2, which is newer than ABI 1 here; "
        + "build it again with this version of `ixlaunch`")
    #expect(failure(newer)?.kind == .otherABI)
  }

  @Test func aDescriptionThatIsNotOneIsRefused() throws {
    let bytes = try resealed { bytes, notes in
      let note = notes.first(where: \.isDescription)
      bytes[(note?.descriptorOffset ?? 0) + 4] = UInt8(ascii: "[")
    }
    #expect(failure(bytes)?.reason == "its description is not valid")
  }

  @Test func foreignFilesAreRefused() {
    #expect(failure([])?.kind == .foreign)
    #expect(failure(Array("#!/bin/sh\n".utf8))?.kind == .foreign)
    #expect(failure(Fixtures.kernel.bytes)?.reason == "it has no IX note")
    #expect(failure(Fixtures.application.bytes)?.kind == .foreign)
    #expect(failure([0x7F, 0x45, 0x4C, 0x46])?.kind == .damaged)
  }
}
