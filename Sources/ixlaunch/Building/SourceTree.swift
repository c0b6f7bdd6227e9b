import Foundation

/// The package that guest programs are built from.
struct SourceTree {
  let root: URL

  /// What a guest image is made of, relative to the root. A change to any of it makes images old.
  private static let inputs = [
    "Package.swift", "Boot", "Linker", "Sources", "Tests/Applications",
  ]

  /// The package around `file`: the nearest directory upwards that can build guests.
  init(around file: URL) throws {
    var directory = file.standardizedFileURL.deletingLastPathComponent()
    while !Self.isRoot(directory) {
      let parent = directory.deletingLastPathComponent().standardizedFileURL
      guard parent.path != directory.path else {
        throw LaunchError(
          .usage, file.path, "it is not inside a package that builds IX images",
          remedy: "move it below a Package.swift that has a Linker/guest.json beside it")
      }
      directory = parent
    }
    root = directory
  }

  private static func isRoot(_ directory: URL) -> Bool {
    ["Package.swift", "Linker/guest.json"].allSatisfy {
      FileManager.default.fileExists(atPath: directory.appendingPathComponent($0).path)
    }
  }

  func path(_ relative: String) -> String { root.appendingPathComponent(relative).path }

  /// When anything an image is made of last changed; directories count, for what was removed.
  func lastChange() -> Date {
    Self.inputs.map { Self.lastChange(below: path($0)) }.max() ?? .distantFuture
  }

  /// The latest modification of `path` or anything below it.
  static func lastChange(below path: String) -> Date {
    let keys: [URLResourceKey] = [.contentModificationDateKey]
    let below = FileManager.default.enumerator(
      at: URL(fileURLWithPath: path), includingPropertiesForKeys: keys,
      options: .skipsHiddenFiles)
    let dates = below?.compactMap { ($0 as? URL).flatMap { lastChange(of: $0.path) } } ?? []
    return (dates + [lastChange(of: path) ?? .distantPast]).max() ?? .distantPast
  }

  /// Nil if there is no such file.
  static func lastChange(of path: String) -> Date? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return attributes?[.modificationDate] as? Date
  }
}
