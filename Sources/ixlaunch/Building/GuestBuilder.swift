import Foundation
import Logging

/// Compiles guest programs: assembles, then calls SwiftPM with the flags of bare metal.
struct GuestBuilder {
  enum Configuration: String, CaseIterable {
    case release
    case debug
  }

  private static let triple = "x86_64-unknown-none-elf"

  /// The checkout of IX: the kernel, linker scripts and compiler flags.
  let checkout: SourceTree
  /// The package the application is a product of; may be the checkout.
  let package: SourceTree
  let configuration: Configuration
  let log: Logger

  /// The kernel's ELF file.
  func kernel() throws -> String {
    let object = try assemble()
    return try build(
      product: "kernel", of: checkout, scratch: ".build/guest",
      toolsets: ["guest.json", "kernel.json"].map { checkout.path("Linker/\($0)") },
      linkedWith: [object])
  }

  /// The ELF file of the application `product`.
  func application(_ product: String) throws -> String {
    var toolsets = ["guest.json", "application.json"].map { checkout.path("Linker/\($0)") }
    if package != checkout { toolsets.append(try linkerToolset()) }
    return try build(
      product: product, of: package, scratch: ".build/guest-applications", toolsets: toolsets,
      linkedWith: [])
  }

  /// Names the linker script to SwiftPM, so that a package that uses IX need not.
  private func linkerToolset() throws -> String {
    let path = package.path(".build/linker.json")
    let toolset = LinkerToolset(
      linker: .init(extraCLIOptions: ["-T", checkout.path("Linker/application.ld")]))
    let data = Data(try encodedAsJSON(toolset).utf8)
    if FileManager.default.contents(atPath: path) == data { return path }
    try createDirectory(package.path(".build"))
    guard FileManager.default.createFile(atPath: path, contents: data) else {
      throw LaunchError(
        .hostCannot, path, "it cannot be written", remedy: "check the disk and its permissions")
    }
    return path
  }

  /// First line of `swift --version`.
  func compilerVersion() throws -> String {
    let result = try Tool("swift", from: "https://swift.org/install").run(
      ["--version"], in: checkout.root)
    return result.text.split(separator: "\n").first { $0.contains("version") }.map { String($0) }
      ?? "unknown"
  }

  /// `git describe` of the sources, or "unknown" outside a repository.
  func sourceVersion() -> String {
    guard let git = try? Tool("git", from: "apt install git"),
      let result = try? git.run(["describe", "--always", "--dirty", "--tags"], in: package.root),
      result.status == 0
    else { return "unknown" }
    return result.text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Makes the object file of everything in Boot/ if a source is newer.
  private func assemble() throws -> String {
    let object = checkout.path(".build/boot/boot.o")
    let sources = SourceTree.lastChange(below: checkout.path("Boot"))
    if let made = SourceTree.lastChange(of: object), made >= sources { return object }
    try createDirectory(checkout.path(".build/boot"))
    try run(
      Tool("nasm", from: "apt install nasm"),
      ["-f", "elf64", "-I", "Boot/", "-o", object, "Boot/boot.asm"], in: checkout)
    return object
  }

  private func build(
    product: String, of tree: SourceTree, scratch: String, toolsets: [String],
    linkedWith objects: [String]
  ) throws -> String {
    let path = tree.path("\(scratch)/\(Self.triple)/\(configuration.rawValue)/\(product)")
    try removeIfOlder(path, than: objects + [checkout.path("Linker")])
    let toolsetOptions = toolsets.flatMap { ["--toolset", $0] }
    let traits = tree == checkout ? ["--traits", "Guest"] : []
    try run(
      Tool("swift", from: "https://swift.org/install"),
      ["build", "-c", configuration.rawValue, "--triple", Self.triple] + traits
        + toolsetOptions + ["--scratch-path", tree.path(scratch), "--product", product],
      in: tree)
    guard FileManager.default.fileExists(atPath: path) else {
      throw LaunchError(.hostCannot, product, "`swift build` left no file at \(path)")
    }
    return path
  }

  /// SwiftPM does not track linker scripts, toolsets and objects named in linker flags: without its
  /// product it has to link again.
  private func removeIfOlder(_ path: String, than inputs: [String]) throws {
    let newest = inputs.map { SourceTree.lastChange(below: $0) }.max() ?? .distantPast
    guard let made = SourceTree.lastChange(of: path), made < newest else { return }
    try FileManager.default.removeItem(atPath: path)
  }

  private func createDirectory(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw LaunchError(
        .hostCannot, path, "it cannot be created", remedy: "check the disk and its permissions")
    }
  }

  /// Runs a compiler; shows what it says if it fails, or always when asked to be verbose.
  private func run(_ tool: Tool, _ arguments: [String], in tree: SourceTree) throws {
    log.debug("\(([tool.path] + arguments).joined(separator: " "))")
    let result = try tool.run(arguments, in: tree.root)
    if result.status != 0 || log.logLevel <= .debug {
      FileHandle.standardError.write(result.output)
    }
    guard result.status == 0 else {
      let name = URL(fileURLWithPath: tool.path).lastPathComponent
      throw LaunchError(
        .hostCannot, name, "it ended with status \(result.status)",
        remedy: "see its output above")
    }
  }
}

/// The part of a SwiftPM toolset file that is needed here.
private struct LinkerToolset: Encodable {
  struct Options: Encodable {
    let extraCLIOptions: [String]
  }

  let schemaVersion = "1.0"
  let linker: Options
}
