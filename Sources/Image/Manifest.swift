/// What `Images/<name>.yaml` says: which application goes into an image and how it is started
/// unless the command line says otherwise.
package struct Manifest: Sendable, Equatable, Codable {
  /// Name of the image: the manifest's file name without its extension.
  package var name: String
  /// A product of the package, or the path of an ELF file, relative to the manifest.
  package var application: String
  /// The folder whose files go into the image, relative to the manifest; nil for none.
  package var content: String?
  package var memory: ByteCount
  package var cores: Int
  /// TCP ports the application serves.
  package var ports: [UInt16]
  package var forwards: [PortForward]
  package var interface: Interface
  package var gateway: IPv4?
  /// Passed to the application as it is.
  package var arguments: String

  /// Bounds that hold for every image, whatever its size.
  package static let memoryRange: ClosedRange<UInt64> = (16 << 20)...(1 << 40)
  package static let coreRange = 1...64
  /// Keeps the kernel's command line well inside one page.
  package static let argumentsByteLimit = 1024
}

/// A manifest that cannot be used, with the line that is wrong.
package struct ManifestError: Explained, Equatable {
  package let thing: String
  package let reason: String
  package let remedy: String

  package init(_ file: String, line: Int? = nil, _ reason: String, remedy: String = "correct it") {
    thing = line.map { "\(file):\($0)" } ?? file
    self.reason = reason
    self.remedy = remedy
  }
}
