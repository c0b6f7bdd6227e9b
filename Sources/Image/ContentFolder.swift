import Foundation
import HTTP

/// A folder of files that an image carries as a `SiteArchive`.
package struct ContentFolder {
  private let path: String

  package init(at path: String) { self.path = path }

  /// The archive: the same files give the same bytes.
  package func packed() throws(ImageError) -> [UInt8] {
    var writer = SiteArchiveWriter()
    for name in try names() {
      let file = "\(path)/\(name)"
      guard let isFile = try isFile(file) else { continue }
      guard isFile, let bytes = FileManager.default.contents(atPath: file) else {
        throw ImageError(.unreadable, file, "it is not a file that can be read")
      }
      do {
        try writer.add(Array(bytes), at: Array("/\(name)".utf8))
      } catch {
        throw ImageError(
          .unusable, file, "no request can ask for this name", remedy: "give it another")
      }
    }
    do {
      return try writer.archive()
    } catch {
      throw ImageError(
        .unusable, path, "two files answer the same request", remedy: "rename or remove one")
    }
  }

  /// Everything below the folder, by bytes of the name.
  private func names() throws(ImageError) -> [String] {
    guard let names = try? FileManager.default.subpathsOfDirectory(atPath: path) else {
      throw ImageError(.unreadable, path, "it is not a folder that can be read")
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Nil for a folder. What a link leads to counts.
  private func isFile(_ path: String) throws(ImageError) -> Bool? {
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let attributes = try? FileManager.default.attributesOfItem(atPath: target)
    switch attributes?[.type] as? FileAttributeType {
    case .typeDirectory?: return nil
    case let type: return type == .typeRegular
    }
  }
}
