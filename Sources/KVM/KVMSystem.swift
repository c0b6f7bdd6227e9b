import CKVM
import CLinux
import HostNetwork

/// /dev/kvm: what this host's KVM can do, and where virtual machines come from.
package struct KVMSystem: Sendable {
  /// The only version there has been since Linux 2.6.22.
  private static let version: Int32 = 12
  private static let leafLimit = 256

  private let device: Descriptor

  /// Throws when there is no usable KVM, or one that lacks what is needed here.
  package init() throws(KVMError) {
    // SAFETY: the path is a terminated literal.
    device = Descriptor(
      owning: unsafe try kvm("open /dev/kvm", ix_open("/dev/kvm", O_RDWR)))
    let found = try kvm("KVM_GET_API_VERSION", ix_kvm_version(device.rawValue))
    guard found == Self.version else { throw .version(found) }
    for capability in KVMCapability.needed where try !has(capability) {
      throw .missing(capability.name)
    }
  }

  package func has(_ capability: KVMCapability) throws(KVMError) -> Bool {
    try value(of: capability) > 0
  }

  /// What KVM says about a capability: 0 if it does not have it, else 1 or a limit.
  package func value(of capability: KVMCapability) throws(KVMError) -> Int {
    let value = try kvm(
      "KVM_CHECK_EXTENSION \(capability.name)",
      ix_kvm_check(device.rawValue, UInt(capability.number)))
    return Int(value)
  }

  /// The CPUID leaves that processor and KVM can show a guest.
  package func supportedLeaves() throws(KVMError) -> [KVMLeaf] {
    var leaves = [kvm_cpuid_entry2](repeating: kvm_cpuid_entry2(), count: Self.leafLimit)
    // SAFETY: at most as many leaves are written as the array holds.
    let count = unsafe try kvm(
      "KVM_GET_SUPPORTED_CPUID",
      ix_kvm_supported_cpuid(device.rawValue, &leaves, Int32(leaves.count)))
    return leaves.prefix(Int(count)).map(KVMLeaf.init)
  }

  package func createMachine() throws(KVMError) -> KVMMachine {
    let machine = try kvm("KVM_CREATE_VM", ix_kvm_create(device.rawValue))
    let runByteCount = try kvm("KVM_GET_VCPU_MMAP_SIZE", ix_kvm_run_bytes(device.rawValue))
    return KVMMachine(Descriptor(owning: machine), runByteCount: Int(runByteCount))
  }
}
