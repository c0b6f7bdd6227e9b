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

    /// Counts ticks while channel 0 of the 8254 timer counts 5 ms down; nil when there is none. Its
    /// interrupt is masked.
    private static func timerFrequency() -> UInt64? {
      let timerTicksPerSecond: UInt64 = 1_193_182
      let wanted = UInt16(truncatingIfNeeded: timerTicksPerSecond / 200)
      x86_port_write8(0x43, 0x30)  // channel 0, both bytes, mode 0: count down once, binary
      x86_port_write8(0x40, 0xFF)
      x86_port_write8(0x40, 0xFF)
      let start = bestTimerReading()
      // A reading takes about a microsecond: a timer that has not moved after a thousand is absent.
      for attempt in 0..<1_000_000 {
        let elapsed = start.count &- timerReading().count
        if elapsed >= wanted { break }
        if attempt == 1_000, elapsed == 0 { return nil }
      }
      let end = bestTimerReading()
      let elapsed = UInt64(start.count &- end.count)
      guard elapsed >= UInt64(wanted) else { return nil }
      return (end.ticks &- start.ticks) &* timerTicksPerSecond / elapsed
    }

    /// The timer's count and the time-stamp counter, read together.
    private struct TimerReading {
      var count: UInt16
      var ticks: UInt64
      /// How far apart the two may have been read.
      var uncertainty: UInt64
    }

    /// The most certain of several readings: a virtual CPU may lose its processor in the middle.
    private static func bestTimerReading() -> TimerReading {
      var best = timerReading()
      for _ in 0..<16 {
        let reading = timerReading()
        if reading.uncertainty < best.uncertainty { best = reading }
      }
      return best
    }

    private static func timerReading() -> TimerReading {
      let before = x86_rdtsc()
      x86_port_write8(0x43, 0x00)  // latch channel 0
      let ticks = x86_rdtsc()
      let low = x86_port_read8(0x40)
      let count = UInt16(x86_port_read8(0x40)) &<< 8 | UInt16(low)
      return TimerReading(count: count, ticks: ticks, uncertainty: ticks &- before)
    }
  }
#endif
