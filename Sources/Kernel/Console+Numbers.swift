#if hasFeature(Embedded)
  extension Console {
    static func write(_ value: UInt64) {
      var digits = InlineArray<20, UInt8>(repeating: 0)
      var first = digits.count
      var rest = value
      repeat {
        first &-= 1
        digits[first] = UInt8(truncatingIfNeeded: rest % 10) &+ 0x30
        rest /= 10
      } while rest != 0
      for index in first..<digits.count { write(byte: digits[index]) }
    }

    /// As `0x` and at least one digit.
    static func write(hexadecimal value: UInt64) {
      write("0x")
      var shift = UInt64(max(60 - value.leadingZeroBitCount & ~3, 0))
      while true {
        let digit = UInt8(truncatingIfNeeded: (value &>> shift) & 15)
        write(byte: digit < 10 ? digit &+ 0x30 : digit &+ 0x57)
        guard shift != 0 else { return }
        shift &-= 4
      }
    }
  }
#endif
