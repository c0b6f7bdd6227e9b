import CRuntime
import Testing

/// The guest's own memset, memcpy, memmove and memcmp against plain loops.
@Suite struct MemoryFunctionsTests {
  /// Around every size at which the functions choose another way.
  static let byteCounts =
    Array(0...40) + [63, 64, 65, 127, 128, 129, 255, 256, 257, 263, 264, 1500]
  static let base = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 256) }

  @Test(arguments: byteCounts)
  func memsetFillsExactlyThatMuch(byteCount: Int) {
    for start in 1..<18 {
      var bytes = Self.base
      var expected = Self.base
      for index in start..<(start + byteCount) { expected[index] = 0xA5 }
      bytes.withUnsafeMutableBytes { _ = ix_memset($0.baseAddress! + start, 0x1A5, byteCount) }
      #expect(bytes == expected)
    }
  }

  @Test(arguments: byteCounts)
  func memmoveCopiesOverlappingRangesBothWays(byteCount: Int) {
    for distance in [-300, -17, -8, -7, -1, 0, 1, 7, 8, 9, 16, 17, 300] {
      var bytes = Self.base
      var expected = Self.base
      let source = Array(Self.base[400..<(400 + byteCount)])
      for (index, byte) in source.enumerated() { expected[400 + distance + index] = byte }
      bytes.withUnsafeMutableBytes {
        let from = $0.baseAddress! + 400
        _ = ix_memmove(from + distance, from, byteCount)
      }
      #expect(bytes == expected)
    }
  }

  @Test(arguments: byteCounts)
  func memcpyCopiesExactlyThatMuch(byteCount: Int) {
    for start in 1..<18 {
      var bytes = [UInt8](repeating: 0, count: 4096)
      var expected = bytes
      for index in 0..<byteCount { expected[start + index] = Self.base[index + 3] }
      bytes.withUnsafeMutableBytes { to in
        Self.base.withUnsafeBytes { from in
          _ = ix_memcpy(to.baseAddress! + start, from.baseAddress! + 3, byteCount)
        }
      }
      #expect(bytes == expected)
    }
  }

  @Test(arguments: byteCounts.filter { $0 > 0 })
  func memcmpFindsTheFirstDifference(byteCount: Int) {
    let same = Self.base
    for index in Set([0, byteCount / 2, byteCount - 1]) {
      var other = Self.base
      other[index] ^= 0x80
      let order = other[index] > same[index] ? 1 : -1
      #expect(Int(ix_memcmp(other, same, byteCount).signum()) == order)
      #expect(Int(ix_memcmp(same, other, byteCount).signum()) == -order)
    }
    #expect(ix_memcmp(same, same, byteCount) == 0)
  }
}
