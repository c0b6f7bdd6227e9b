import Foundation

/// The highest frequency that cores of the host may use, where the host lets itself be told
/// (cpufreq in sysfs): a few levels between the lowest and the highest there is.
package struct HostFrequency: Sendable {
  package static let levelCount = 4
  package static let topLevel = levelCount - 1

  private let root: String

  package init(root: String = "/sys/devices/system/cpu") { self.root = root }

  /// Whether the limit of `core` can be changed by this user.
  package func isAdjustable(_ core: Int) -> Bool {
    range(of: core) != nil
      && FileManager.default.isWritableFile(atPath: "\(folder(of: core))/scaling_max_freq")
  }

  /// Limits `core` to `level`, 0...topLevel. False when the host does not do that.
  @discardableResult
  package func limit(_ core: Int, to level: Int) -> Bool {
    guard let range = range(of: core) else { return false }
    let step = (range.upperBound - range.lowerBound) / Self.topLevel
    let kilohertz =
      level >= Self.topLevel ? range.upperBound : range.lowerBound + max(level, 0) * step
    let file = FileHandle(forWritingAtPath: "\(folder(of: core))/scaling_max_freq")
    return (try? file?.write(contentsOf: Data("\(kilohertz)".utf8))) != nil
  }

  private func range(of core: Int) -> ClosedRange<Int>? {
    guard let low = number("cpuinfo_min_freq", core), let high = number("cpuinfo_max_freq", core),
      0 < low, low < high
    else { return nil }
    return low...high
  }

  private func number(_ name: String, _ core: Int) -> Int? {
    let text = try? String(contentsOfFile: "\(folder(of: core))/\(name)", encoding: .utf8)
    return text.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  private func folder(of core: Int) -> String { "\(root)/cpu\(core)/cpufreq" }
}
