#if hasFeature(Embedded)
  import CX86
  import Dataplane

  extension TickClock {
    /// The time-stamp counter's clock, from the best source this machine has. Instant zero is the
    /// guest's first instruction.
    static func calibrated(_ features: CPUFeatures) -> TickClock {
      let frequency =
        hypervisorFrequency(features) ?? processorFrequency() ?? timerFrequency() ?? 0
      if let clock = TickClock(ticksPerSecond: frequency, origin: ix_entry_ticks()) {
        return clock
      }
      Console.write("ix: no source for the frequency of the time-stamp counter; assuming 1 GHz\n")
      guard let clock = TickClock(ticksPerSecond: 1_000_000_000, origin: ix_entry_ticks()) else {
        fatalError("1 GHz is a frequency")
      }
      return clock
    }

    /// Leaf 0x40000010, EAX in kHz (VMware's proposal, also KVM and QEMU with `vmware-cpuid-freq`).
    private static func hypervisorFrequency(_ features: CPUFeatures) -> UInt64? {
      guard features.isVirtualMachine, x86_cpuid(0x4000_0000, 0).eax >= 0x4000_0010 else {
        return nil
      }
      let kilohertz = x86_cpuid(0x4000_0010, 0).eax
      return kilohertz > 0 ? UInt64(kilohertz) &* 1000 : nil
    }

    /// Leaf 0x15: crystal frequency and ratio; where the crystal's is missing, leaf 0x16 names the
    /// nominal frequency (Intel SDM volume 3B, section 20.7.3).
    private static func processorFrequency() -> UInt64? {
      let last = x86_cpuid(0, 0).eax
      guard last >= 0x15 else { return nil }
      let ratio = x86_cpuid(0x15, 0)
      guard ratio.eax > 0, ratio.ebx > 0 else { return nil }
      if ratio.ecx > 0 { return UInt64(ratio.ecx) &* UInt64(ratio.ebx) / UInt64(ratio.eax) }
      guard last >= 0x16 else { return nil }
      let megahertz = x86_cpuid(0x16, 0).eax & 0xFFFF
      return megahertz > 0 ? UInt64(megahertz) &* 1_000_000 : nil
    }

    /// Counts ticks while channel 2 of the 8254 timer counts 5 ms down; nil when it does not move.
    private static func timerFrequency() -> UInt64? {
      let count: UInt64 = 1_193_182 / 200
      let gate: UInt16 = 0x61
      x86_port_write8(gate, x86_port_read8(gate) & ~0x03 | 0x01)  // gate on, speaker off
      x86_port_write8(0x43, 0xB0)  // channel 2, both bytes, mode 0, binary
      x86_port_write8(0x42, UInt8(truncatingIfNeeded: count))
      x86_port_write8(0x42, UInt8(truncatingIfNeeded: count &>> 8))
      let start = x86_rdtsc()
      // Every read of the port takes a fraction of a microsecond, or far more under a monitor.
      for reads in 0..<1_000_000 where x86_port_read8(gate) & 0x20 != 0 {
        return reads > 0 ? (x86_rdtsc() &- start) &* 1_193_182 / count : nil
      }
      return nil
    }
  }
#endif
