import Foundation

/// What an image says about itself in its IX note.
package struct ImageDescription: Sendable, Equatable, Codable {
  /// How the image is started by default.
  package var defaults: Manifest
  package var build: Build

  /// What it was made from. No date: the same sources give the same bytes.
  package struct Build: Sendable, Equatable, Codable {
    /// First line of `swift --version`.
    package var compiler: String
    /// `git describe` of the sources, or "unknown".
    package var source: String
    /// "release" or "debug".
    package var configuration: String

    package init(compiler: String, source: String, configuration: String) {
      self.compiler = compiler
      self.source = source
      self.configuration = configuration
    }
  }

  package init(defaults: Manifest, build: Build) {
    self.defaults = defaults
    self.build = build
  }
}

extension ImageDescription {
  /// JSON with sorted keys, so that equal descriptions are equal bytes.
  func encoded() -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let data = try? encoder.encode(self)
    return data.map { Array($0) } ?? []
  }

  init?(decoding bytes: [UInt8]) {
    guard let description = try? JSONDecoder().decode(Self.self, from: Data(bytes)),
      Manifest.isName(description.defaults.name),
      Manifest.coreRange.contains(description.defaults.cores),
      Manifest.memoryRange.contains(description.defaults.memory.bytes),
      Manifest.arguments(description.defaults.arguments) != nil
    else { return nil }
    self = description
  }
}
