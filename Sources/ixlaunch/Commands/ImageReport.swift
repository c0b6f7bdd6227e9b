import Image

/// What `inspect` prints, as data.
struct ImageReport: Encodable {
  struct Segment: Encodable {
    let part: String
    let physicalAddress: String?
    let virtualAddress: String
    let byteCount: UInt64
    let permissions: String
  }

  let path: String
  let byteCount: Int
  let contentByteCount: Int
  let abiVersion: UInt32
  let pvhEntry: String
  let defaults: Manifest
  let build: ImageDescription.Build
  let segments: [Segment]

  init(_ image: Image, path: String) {
    self.path = path
    byteCount = image.byteCount
    contentByteCount = image.contentByteCount
    abiVersion = image.abiVersion
    pvhEntry = hexadecimal(UInt64(image.pvhEntry))
    defaults = image.description.defaults
    build = image.description.build
    segments =
      image.kernel.loadedSegments.map { Segment($0, of: "kernel") }
      + image.application.loadedSegments.map { Segment($0, of: "application") }
  }

  var text: String {
    let ports = defaults.ports.map { "\($0)" }.joined(separator: ", ")
    let forwards = defaults.forwards.map { "\($0)" }.joined(separator: ", ")
    let gateway = defaults.gateway.map { " via \($0)" } ?? ""
    let lines = [
      ("image", "\(defaults.name), \(kibibytes(byteCount)), valid"),
      ("application", defaults.application),
      ("content", defaults.content.map { "\($0), \(kibibytes(contentByteCount))" } ?? "none"),
      ("ABI", "\(abiVersion)"),
      ("boots by", "PVH, entry \(pvhEntry)"),
      ("memory", "\(defaults.memory)"),
      ("cores", "\(defaults.cores)"),
      ("TCP ports", ports.isEmpty ? "none" : ports),
      ("forwards", forwards.isEmpty ? "none" : forwards),
      ("user network", "\(defaults.interface)\(gateway)"),
      ("arguments", defaults.arguments.isEmpty ? "none" : defaults.arguments),
      ("built from", "\(build.source), \(build.configuration)"),
      ("compiler", build.compiler),
    ]
    let facts = lines.map { Self.padded($0.0, to: 14) + $0.1 }
    return (facts + ["segments"] + segments.map(\.text)).joined(separator: "\n")
  }

  static func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }
}

extension ImageReport.Segment {
  fileprivate init(_ segment: ELF.Segment, of part: String) {
    self.part = part
    physicalAddress = part == "kernel" ? hexadecimal(segment.physicalAddress) : nil
    virtualAddress = hexadecimal(segment.virtualAddress)
    byteCount = segment.memoryByteCount
    let letters: [(ELF.Permissions, String)] = [(.read, "r"), (.write, "w"), (.execute, "x")]
    permissions = letters.map { segment.permissions.contains($0.0) ? $0.1 : "-" }.joined()
  }

  fileprivate var text: String {
    "  \(ImageReport.padded(part, to: 12))\(permissions)  \(virtualAddress)"
      + "  \(byteCount) bytes" + (physicalAddress.map { ", loaded at \($0)" } ?? "")
  }
}
