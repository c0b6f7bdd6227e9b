import CKVM

/// One leaf of CPUID as a guest sees it.
package struct KVMLeaf: Sendable, Equatable {
  package var function: UInt32
  package var index: UInt32
  /// KVM_CPUID_FLAG_SIGNIFCANT_INDEX: ECX selects this leaf as well.
  package var flags: UInt32
  package var eax: UInt32
  package var ebx: UInt32
  package var ecx: UInt32
  package var edx: UInt32

  package init(
    function: UInt32, index: UInt32 = 0, flags: UInt32 = 0, eax: UInt32 = 0, ebx: UInt32 = 0,
    ecx: UInt32 = 0, edx: UInt32 = 0
  ) {
    self.function = function
    self.index = index
    self.flags = flags
    self.eax = eax
    self.ebx = ebx
    self.ecx = ecx
    self.edx = edx
  }

  init(_ entry: kvm_cpuid_entry2) {
    self.init(
      function: entry.function, index: entry.index, flags: entry.flags, eax: entry.eax,
      ebx: entry.ebx, ecx: entry.ecx, edx: entry.edx)
  }

  var entry: kvm_cpuid_entry2 {
    kvm_cpuid_entry2(
      function: function, index: index, flags: flags, eax: eax, ebx: ebx, ecx: ecx, edx: edx,
      padding: (0, 0, 0))
  }
}
