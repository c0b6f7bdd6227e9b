#if hasFeature(Embedded)
  import CX86

  /// What this CPU can do, of what we use (Intel SDM volume 2A, CPUID; AMD APM volume 3, appendix E).
  struct CPUFeatures: BitwiseCopyable {
    let hasSMEP: Bool
    let hasSMAP: Bool
    let hasUMIP: Bool
    let hasNoExecute: Bool
    /// 1 GiB pages.
    let hasGiantPages: Bool
    let hasRDRAND: Bool
    let hasRDSEED: Bool
    let isVirtualMachine: Bool

    init() {
      let basic = x86_cpuid(1, 0)
      let structured = x86_cpuid(0, 0).eax >= 7 ? x86_cpuid(7, 0) : x86_cpuid_result()
      let extended =
        x86_cpuid(0x8000_0000, 0).eax >= 0x8000_0001
        ? x86_cpuid(0x8000_0001, 0) : x86_cpuid_result()
      hasSMEP = structured.ebx & 1 << 7 != 0
      hasSMAP = structured.ebx & 1 << 20 != 0
      hasUMIP = structured.ecx & 1 << 2 != 0
      hasNoExecute = extended.edx & 1 << 20 != 0
      hasGiantPages = extended.edx & 1 << 26 != 0
      hasRDRAND = basic.ecx & 1 << 30 != 0
      hasRDSEED = structured.ebx & 1 << 18 != 0
      isVirtualMachine = basic.ecx & 1 << 31 != 0
    }
  }
#endif
