import ArgumentParser
import Foundation
import Image

/// `ixlaunch inspect`: what is inside an image, after checking all of it.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check an image and say what is inside.")

  @Argument(help: "An image made by `ixlaunch build`.", completion: .file())
  var image: String

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let report = ImageReport(try Image(at: image), path: image)
    print(json ? try encodedAsJSON(report) : report.text)
  }
}

/// Pretty JSON with sorted keys.
func encodedAsJSON(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
