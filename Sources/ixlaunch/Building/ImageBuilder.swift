import ControlPlane
import Foundation
import Image
import Logging

/// Turns a manifest into an image file, or finds that it is already there.
struct ImageBuilder {
  let manifestPath: String
  let manifest: Manifest
  let checkout: SourceTree
  /// The package around the manifest, which the application is a product of; without one, products
  /// are those of IX.
  let package: SourceTree?
  let configuration: GuestBuilder.Configuration
  let log: Logger

  init(
    manifestPath: String, checkout option: String?, configuration: GuestBuilder.Configuration,
    log: Logger
  ) throws {
    self.manifestPath = manifestPath
    self.configuration = configuration
    self.log = log
    manifest = try Self.manifest(at: manifestPath)
    package = SourceTree.package(around: URL(fileURLWithPath: manifestPath))
    if option == nil, let package, package.isCheckout {
      checkout = package
    } else {
      checkout = try SourceTree.checkout(option)
    }
  }

  static func manifest(at path: String) throws -> Manifest {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw ManifestError(path, "it cannot be read", remedy: "check the path and its permissions")
    }
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    return try Manifest(parsing: text, name: name, file: path)
  }

  /// Where the image goes unless the user says otherwise.
  var usualOutput: String {
    let folder = SourceTree(at: URL(fileURLWithPath: manifestPath).deletingLastPathComponent())
    return (package ?? folder).path(".build/images/\(manifest.name).elf")
  }

  /// The image at `output`, built again only if something it is made of has changed.
  func build(to output: String) throws -> (image: Image, isNew: Bool) {
    let start = Date()
    if let image = current(at: output) { return (image, false) }
    let builder = GuestBuilder(
      checkout: checkout, package: package ?? checkout, configuration: configuration, log: log)
    let kernel = try builder.kernel()
    let application =
      try applicationFile ?? builder.application(manifest.application)
    let content = try contentFolder.map { try ContentFolder(at: $0).packed() } ?? []
    let bytes = try ImageComposer.compose(
      kernel: (kernel, Image.contents(of: kernel)),
      application: (application, Image.contents(of: application)),
      content: content,
      description: ImageDescription(
        defaults: manifest,
        build: .init(
          compiler: try builder.compilerVersion(), source: builder.sourceVersion(),
          configuration: configuration.rawValue)))
    let image = try Image(bytes: bytes, named: output)
    try checkMemory(of: image)
    try write(bytes, to: output, madeFrom: start)
    return (image, true)
  }

  /// An application given as a path, absolute or relative to the manifest; nil for a product.
  private var applicationFile: String? {
    let name = manifest.application
    guard name.contains("/") || name.hasSuffix(".elf") else { return nil }
    return besideManifest(name)
  }

  private var contentFolder: String? { manifest.content.map(besideManifest) }

  /// A path of the manifest, which is relative to it unless it is absolute.
  private func besideManifest(_ path: String) -> String {
    let folder = URL(fileURLWithPath: manifestPath).deletingLastPathComponent()
    return URL(fileURLWithPath: path, relativeTo: folder).path
  }

  /// An image that its own manifest cannot start is of no use.
  private func checkMemory(of image: Image) throws {
    guard manifest.memory.bytes < image.leastMemory.bytes else { return }
    throw ManifestError(
      manifestPath, "`memory` is \(manifest.memory), too little for an image of this size",
      remedy: "give at least \(image.leastMemory)")
  }

  /// A valid image at `output` that is newer than everything it would be made of.
  private func current(at output: String) -> Image? {
    guard let made = SourceTree.lastChange(of: output), made > checkout.lastChange(),
      made > package?.lastChange() ?? .distantPast,
      made > SourceTree.lastChange(of: manifestPath) ?? .distantFuture,
      made > applicationFile.flatMap(SourceTree.lastChange(of:)) ?? .distantPast,
      made > contentFolder.map({ SourceTree.lastChange(below: $0, skipping: []) }) ?? .distantPast,
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
        .hostCannot, output, "it cannot be written: \(reason(of: error))",
        remedy: "check the directory, its permissions and the disk")
    }
  }
}
