import Foundation

/// A directory that guest programs are built from: a checkout of IX, or a package that uses it.
struct SourceTree: Equatable {
  let root: URL

  /// What a guest image is made of, relative to the root. A change to any of it makes images old.
  private static let inputs = [
    "Package.swift", "Boot", "Linker", "Sources", "Tests/Applications",
  ]

  init(at root: URL) { self.root = root }

  /// The nearest directory upwards from `file` that holds all of `markers`; nil if there is none.
  init?(around file: URL, with markers: [String]) {
    var directory = file.standardizedFileURL.deletingLastPathComponent()
    while !Self.holds(markers, directory) {
      let parent = directory.deletingLastPathComponent().standardizedFileURL
      guard parent.path != directory.path else { return nil }
      directory = parent
    }
    root = directory
  }

  /// The files that tell a checkout of IX.
  private static let checkoutMarkers = ["Package.swift", "Linker/guest.json", "Boot/boot.asm"]

  /// The package around `file`, or nil.
  static func package(around file: URL) -> SourceTree? {
    SourceTree(around: file, with: ["Package.swift"])
  }

  /// The checkout of IX that `option` names, or else the one this program was built in.
  static func checkout(_ option: String?) throws(LaunchError) -> SourceTree {
    if let option {
      let tree = SourceTree(at: URL(fileURLWithPath: option).standardizedFileURL)
      guard tree.isCheckout else {
        throw LaunchError(
          .usage, "--ix \(option)", "it is not a checkout of IX", remedy: "give the path of one")
      }
      return tree
    }
    let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    guard let tree = SourceTree(around: program, with: checkoutMarkers) else {
      throw LaunchError(
        .usage, program.path, "it does not lie in the checkout of IX it was built from",
        remedy: "give the checkout with --ix PATH")
    }
    return tree
  }

  var isCheckout: Bool { Self.holds(Self.checkoutMarkers, root) }

  private static func holds(_ markers: [String], _ directory: URL) -> Bool {
    markers.allSatisfy {
      FileManager.default.fileExists(atPath: directory.appendingPathComponent($0).path)
    }
  }

  func path(_ relative: String) -> String { root.appendingPathComponent(relative).path }

  /// When anything an image is made of last changed; directories count, for what was removed.
  func lastChange() -> Date {
    Self.inputs.map { Self.lastChange(below: path($0)) }.max() ?? .distantPast
  }

  /// The latest modification of `path` or anything below it.
  static func lastChange(
    below path: String,
    skipping options: FileManager.DirectoryEnumerationOptions = .skipsHiddenFiles
  ) -> Date {
    let keys: [URLResourceKey] = [.contentModificationDateKey]
    let below = FileManager.default.enumerator(
      at: URL(fileURLWithPath: path), includingPropertiesForKeys: keys, options: options)
    let dates = below?.compactMap { ($0 as? URL).flatMap { lastChange(of: $0.path) } } ?? []
    return (dates + [lastChange(of: path) ?? .distantPast]).max() ?? .distantPast
  }

  /// Nil if there is no such file.
  static func lastChange(of path: String) -> Date? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return attributes?[.modificationDate] as? Date
  }
}
