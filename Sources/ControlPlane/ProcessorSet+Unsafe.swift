import CProcess
import Foundation

/// Which of the host's cores processes may use.
package enum ProcessorSet {
  /// Those this process may use.
  package static var ours: [Int] {
    var words = [UInt](repeating: 0, count: 16)
    // SAFETY: the mask is as long as is said.
    let result = unsafe ix_affinity_get(0, &words, words.count * MemoryLayout<UInt>.size)
    guard result == 0 else { return [0] }
    return (0..<1024).filter { words[$0 / 64] & 1 << UInt($0 % 64) != 0 }
  }

  /// Lets all threads of a process run on `cores`, at least one, and nowhere else. False when one
  /// of them would not.
  @discardableResult
  package static func confine(_ process: Int32, to cores: [Int]) -> Bool {
    let folder = "/proc/\(process)/task"
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return !threads.isEmpty
      && threads.compactMap { Int32($0) }.map { confine(thread: $0, to: cores) }
        .allSatisfy { $0 }
  }

  private static func confine(thread: Int32, to cores: [Int]) -> Bool {
    var words = [UInt](repeating: 0, count: 16)
    for core in cores where (0..<1024).contains(core) {
      words[core / 64] |= 1 << UInt(core % 64)
    }
    // SAFETY: the mask is as long as is said.
    return unsafe ix_affinity_set(thread, words, words.count * MemoryLayout<UInt>.size) == 0
  }

  /// "0-2,5".
  package static func list(_ cores: [Int]) -> String {
    var parts: [String] = []
    var index = 0
    let cores = cores.sorted()
    while index < cores.count {
      var end = index
      while end + 1 < cores.count, cores[end + 1] == cores[end] + 1 { end += 1 }
      parts.append(end == index ? "\(cores[index])" : "\(cores[index])-\(cores[end])")
      index = end + 1
    }
    return parts.joined(separator: ",")
  }
}
