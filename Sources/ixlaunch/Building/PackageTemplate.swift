import Foundation

/// The files of a new package for an application.
struct PackageTemplate {
  let name: String
  let checkout: SourceTree

  init(name: String, checkout: SourceTree) throws(LaunchError) {
    self.name = name
    self.checkout = checkout
    let isName =
      name.first?.isLetter == true && name.utf8.count <= 63
      && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    guard isName else {
      throw Self.wrong(name, "it cannot name a Swift module")
    }
    let manifest = FileManager.default.contents(atPath: checkout.path("Package.swift"))
    let text = String(decoding: manifest ?? Data(), as: UTF8.self)
    guard !text.contains("\"\(name)\""), name != "Swift" else {
      throw Self.wrong(name, "IX has a module or product of this name")
    }
  }

  private static func wrong(_ name: String, _ reason: String) -> LaunchError {
    LaunchError(
      .usage, name, reason, remedy: "choose another: a letter, then letters, digits and '_'")
  }

  /// Makes the package; `folder` must not exist.
  func write(to folder: URL) throws {
    guard !FileManager.default.fileExists(atPath: folder.path) else {
      throw LaunchError(.usage, folder.path, "it exists", remedy: "choose another name")
    }
    for (path, text) in files {
      let file = folder.appendingPathComponent(path)
      do {
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      } catch {
        throw LaunchError(
          .hostCannot, file.path, "it cannot be written",
          remedy: "check the folder, its permissions and the disk")
      }
    }
  }

  private var files: [(path: String, text: String)] {
    [
      ("Package.swift", package), ("Sources/\(name)/\(name).swift", application),
      ("\(name).yaml", manifest), ("Tests/\(name)Tests/\(name)Tests.swift", test),
      ("README.md", readme), (".gitignore", ".build/\n"),
    ]
  }
}
