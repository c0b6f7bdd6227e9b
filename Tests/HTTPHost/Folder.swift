import Foundation

@testable import HTTP

/// Packs all files below `folder`.
package func packSite(_ folder: URL) throws -> [UInt8] {
  var writer = SiteArchiveWriter()
  for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
    let file = folder.appendingPathComponent(path)
    guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else {
      continue
    }
    try writer.add(Array(Data(contentsOf: file)), at: Array("/\(path)".utf8))
  }
  return try writer.archive()
}
