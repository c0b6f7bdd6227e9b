import Foundation

/// Where a process keeps the memory of its guest: a memory file of the name that QEMU or our own
/// monitor gives it. Nil while there is none.
package func guestMemoryPath(of process: Int32) -> String? {
  let folder = "/proc/\(process)/fd"
  let manager = FileManager.default
  let names = (try? manager.contentsOfDirectory(atPath: folder)) ?? []
  return names.map { "\(folder)/\($0)" }.first { path in
    let target = (try? manager.destinationOfSymbolicLink(atPath: path)) ?? ""
    return target.hasPrefix("/memfd:memory-backend-memfd") || target.hasPrefix("/memfd:ix-guest")
  }
}
