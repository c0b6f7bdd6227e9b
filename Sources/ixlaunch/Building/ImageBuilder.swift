import Foundation
import Image
import Logging

/// Turns a manifest into an image file, or finds that it is already there.
struct ImageBuilder {
  let manifestPath: String
  let manifest: Manifest
  let tree: SourceTree
  let configuration: GuestBuilder.Configuration
  let log: Logger

  init(
    manifestPath: String, configuration: GuestBuilder.Configuration, log: Logger
  ) throws {
    self.manifestPath = manifestPath
    self.configuration = configuration
    self.log = log
    manifest = try Self.manifest(at: manifestPath)
    tree = try SourceTree(around: URL(fileURLWithPath: manifestPath))
  }

  static func manifest(at path: String) throws -> Manifest {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw ManifestError(path, "it cannot be read", remedy: "check the path and its permissions")
    }
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    return try Manifest(parsing: text, name: name, file: path)
  }

  /// Where the image goes unless the user says otherwise.
  var usualOutput: String { tree.path(".build/images/\(manifest.name).elf") }

  /// The image at `output`, built again only if something it is made of has changed.
  func build(to output: String) throws -> (image: Image, isNew: Bool) {
    let start = Date()
    if let image = current(at: output) { return (image, false) }
    let builder = GuestBuilder(tree: tree, configuration: configuration, log: log)
    let kernel = try builder.kernel()
    let application =
      try applicationFile ?? builder.application(manifest.application)
    let bytes = try ImageComposer.compose(
      kernel: (kernel, Image.contents(of: kernel)),
      application: (application, Image.contents(of: application)),
      description: ImageDescription(
        defaults: manifest,
        build: .init(
          compiler: try builder.compilerVersion(), source: builder.sourceVersion(),
          configuration: configuration.rawValue)))
    let image = try Image(bytes: bytes, named: output)
    try write(bytes, to: output, madeFrom: start)
    return (image, true)
  }

  /// An application given as a path, absolute or relative to the manifest; nil for a product.
  private var applicationFile: String? {
    let name = manifest.application
    guard name.contains("/") || name.hasSuffix(".elf") else { return nil }
    return URL(
      fileURLWithPath: name,
      relativeTo: URL(fileURLWithPath: manifestPath).deletingLastPathComponent()
    ).path
  }

  /// A valid image at `output` that is newer than everything it would be made of.
  private func current(at output: String) -> Image? {
    guard let made = SourceTree.lastChange(of: output), made > tree.lastChange(),
      made > SourceTree.lastChange(of: manifestPath) ?? .distantFuture,
      made > applicationFile.flatMap(SourceTree.lastChange(of:)) ?? .distantPast,
      let image = try? Image(at: output), image.description.defaults == manifest,
      image.description.build.configuration == configuration.rawValue
    else { return nil }
    return image
  }

  /// Replaces `output` at once or not at all. Its date is that of the build's start, so that a source
  /// saved during the build counts as newer.
  private func write(_ bytes: [UInt8], to output: String, madeFrom start: Date) throws {
    let files = FileManager.default
    let target = URL(fileURLWithPath: output)
    let temporary = target.deletingLastPathComponent()
      .appendingPathComponent(
        ".\(target.lastPathComponent).\(ProcessInfo.processInfo.processIdentifier)")
    do {
      try files.createDirectory(
        at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: temporary)
      try files.setAttributes([.modificationDate: start], ofItemAtPath: temporary.path)
      try replace(target.path, by: temporary.path)
    } catch {
      try? files.removeItem(at: temporary)
      throw LaunchError(
        .hostCannot, output, "it cannot be written: \(error.localizedDescription)",
        remedy: "check the directory, its permissions and the disk")
    }
  }
}
