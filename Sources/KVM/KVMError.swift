import HostNetwork

/// Why KVM cannot be used.
package enum KVMError: Error, Equatable, CustomStringConvertible {
  /// An ioctl or another call failed: its name and errno.
  case call(SystemCallError)
  /// KVM speaks another version of its interface.
  case version(Int32)
  /// KVM lacks a capability that is needed.
  case missing(String)

  package var description: String {
    switch self {
    case .call(let error): return error.description
    case .version(let found): return "KVM has API version \(found) where 12 is needed"
    case .missing(let name): return "this KVM lacks \(name)"
    }
  }
}

/// `result` of a call that returns -errno on failure.
@discardableResult
func kvm(_ call: String, _ result: Int32) throws(KVMError) -> Int32 {
  guard result >= 0 else { throw .call(SystemCallError(call, code: -result)) }
  return result
}
