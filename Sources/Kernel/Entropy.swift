#if hasFeature(Embedded)
  import CX86

  /// Random numbers for keys: from the CPU where it has them.
  struct Entropy: BitwiseCopyable {
    private let features: CPUFeatures

    /// Says so on the console when the CPU has no random numbers.
    init(_ features: CPUFeatures) {
      self.features = features
      if next() == nil {
        Console.write("ix: no hardware random numbers; keys come from timing noise\n")
      }
    }

    /// 128 bits nobody can guess.
    func secret() -> (UInt64, UInt64) { (number(), number()) }

    private func number() -> UInt64 { next() ?? noise() }

    /// RDSEED, else RDRAND, with the retries Intel's guide to its random number generator asks for.
    private func next() -> UInt64? {
      if features.hasRDSEED {
        for _ in 0..<64 {
          let result = x86_rdseed()
          if result.is_valid != 0 { return result.value }
        }
      }
      guard features.hasRDRAND else { return nil }
      for _ in 0..<10 {
        let result = x86_rdrand()
        if result.is_valid != 0 { return result.value }
      }
      return nil
    }

    /// The low bits of how long port reads take, mixed by the finaliser of SplitMix64.
    private func noise() -> UInt64 {
      var state = x86_rdtsc()
      for _ in 0..<256 {
        _ = x86_port_read8(0x61)
        state = (state ^ x86_rdtsc()) &* 0x9E37_79B9_7F4A_7C15
        state = (state ^ state &>> 30) &* 0xBF58_476D_1CE4_E5B9
        state ^= state &>> 27
      }
      return state
    }
  }
#endif
