import KVM

/// CPUID as the guest's processors see it: all that host and KVM can show, with each processor's own
/// number and the frequency of its time-stamp counter.
enum ProcessorLeaves {
  private static let hypervisor: UInt32 = 0x4000_0000
  /// EAX is the frequency in kHz (VMware's proposal; the guest asks here first).
  private static let frequency: UInt32 = 0x4000_0010
  private static let topologies: [UInt32] = [0x0B, 0x1F]

  static func leaves(
    _ supported: [KVMLeaf], processor: Int, processorCount: Int, ticksPerMillisecond: UInt32?
  ) -> [KVMLeaf] {
    let number = UInt32(processor)
    var leaves = supported.filter { !topologies.contains($0.function) && $0.function != frequency }
    for index in leaves.indices {
      switch leaves[index].function {
      case 1:
        // EBX: local APIC number and logical processors; ECX bit 31: there is a hypervisor.
        leaves[index].ebx =
          leaves[index].ebx & 0xFFFF | UInt32(min(processorCount, 255)) << 16 | number << 24
        leaves[index].ecx |= 1 << 31
      case hypervisor where ticksPerMillisecond != nil:
        leaves[index].eax = max(leaves[index].eax, frequency)
      default: break
      }
    }
    if let ticksPerMillisecond {
      leaves.append(KVMLeaf(function: frequency, eax: ticksPerMillisecond))
    }
    return leaves + topology(processor: number, processorCount: processorCount)
  }

  /// Leaf 0xB (Intel SDM volume 2A, CPUID): one thread a core, all cores in one package.
  private static func topology(processor: UInt32, processorCount: Int) -> [KVMLeaf] {
    let significantIndex: UInt32 = 1
    let coreBits = UInt32(UInt32.bitWidth - UInt32(processorCount - 1).leadingZeroBitCount)
    return [
      KVMLeaf(
        function: 0x0B, index: 0, flags: significantIndex, eax: 0, ebx: 1, ecx: 1 << 8,
        edx: processor),
      KVMLeaf(
        function: 0x0B, index: 1, flags: significantIndex, eax: coreBits,
        ebx: UInt32(processorCount), ecx: 2 << 8 | 1, edx: processor),
      KVMLeaf(function: 0x0B, index: 2, flags: significantIndex, ecx: 2, edx: processor),
    ]
  }
}
