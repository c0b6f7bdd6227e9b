import Yams

extension Manifest {
  private static let keys = [
    "application", "content", "memory", "cores", "ports", "forward", "network", "arguments",
  ]
  private static let networkKeys = ["ip", "gateway"]

  /// Parses the text of a manifest. `file` is used in errors only.
  package init(parsing text: String, name: String, file: String) throws(ManifestError) {
    guard Self.isName(name) else {
      throw ManifestError(
        file, "\"\(name)\" cannot name an image",
        remedy: "use up to 63 letters, digits, '-' and '_'")
    }
    let reader = try ManifestReader(parsing: text, file: file, keys: Self.keys)
    self.name = name
    application = try reader.scalar("application", as: "a product's name or a path") {
      $0.isEmpty || $0.contains("\0") ? nil : $0
    }
    if reader.has("content") {
      content = try reader.scalar("content", as: "the path of a folder") {
        $0.isEmpty || $0.contains("\0") ? nil : $0
      }
    }
    memory = try reader.scalar("memory", default: "64M", as: "16M to 1024G, as in 64M") {
      ByteCount($0).flatMap { Self.memoryRange.contains($0.bytes) ? $0 : nil }
    }
    cores = try reader.scalar("cores", default: "1", as: "a number from 1 to 64", Self.cores)
    ports = try reader.list("ports", as: "a port, 1 to 65535") { PortForward.port($0) }
    forwards = try reader.list("forward", as: "HOSTPORT:GUESTPORT") { PortForward($0) }
    arguments = try reader.scalar(
      "arguments", default: "", as: "at most 1024 bytes of printable ASCII", Self.arguments)
    let network = try reader.mapping("network", keys: Self.networkKeys)
    interface = try network.scalar(
      "ip", default: "10.0.2.15/24", as: "a host's ADDRESS/PREFIX", Interface.init)
    let reachable = interface
    gateway = try network.scalar(
      "gateway", default: network.has("ip") ? "none" : "10.0.2.2",
      as: "none or an address inside \(reachable)"
    ) { text -> IPv4?? in
      if text == "none" { return .some(nil) }
      guard let address = IPv4(text), reachable.reaches(address) else { return nil }
      return address
    }
    if let stray = forwards.first(where: { !ports.contains($0.guestPort) }) {
      throw ManifestError(
        file, line: reader.line("forward"), "\(stray) leads to a port that `ports` does not list")
    }
  }

  /// Letters, digits, '-' and '_': safe in file names and on QEMU's command line.
  package static func isName(_ text: String) -> Bool {
    (1...63).contains(text.utf8.count)
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
  }

  /// A core count, or nil.
  package static func cores(_ text: String) -> Int? {
    Int(text).flatMap { coreRange.contains($0) ? $0 : nil }
  }

  /// Text that survives the kernel's command line unchanged, or nil.
  package static func arguments(_ text: String) -> String? {
    let isPlain = text.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
    return isPlain && text.utf8.count <= argumentsByteLimit ? text : nil
  }
}
