import ArgumentParser
import Image
import Logging

/// `ixlaunch build`: compile and compose a bootable image.
struct Build: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compile and compose a bootable image.")

  @Argument(help: "An image manifest, as Images/echo.yaml.", completion: .file())
  var manifest: String

  @Option(
    name: .shortAndLong,
    help: "Where the image goes. (default: .build/images/NAME.elf of the package)",
    completion: .file())
  var output: String?

  @Option(help: "release or debug.")
  var configuration = GuestBuilder.Configuration.release

  @Option(
    help: "The checkout of IX to build with. (default: the one this program was built in)",
    completion: .directory)
  var ix: String?

  @Flag(name: .shortAndLong, help: "Show the compilers' output.")
  var verbose = false

  func run() throws {
    let builder = try ImageBuilder(
      manifestPath: manifest, checkout: ix, configuration: configuration,
      log: .launcher(verbose: verbose))
    let path = output ?? builder.usualOutput
    let (image, isNew) = try builder.build(to: path)
    let state = isNew ? "" : " (unchanged)"
    print("\(path): \(image.summary)\(state)")
  }
}

extension GuestBuilder.Configuration: ExpressibleByArgument {}

extension Image {
  /// "812 KiB: kernel and echo (35 KiB), ABI 1, release".
  var summary: String {
    "\(kibibytes(byteCount)): kernel and \(description.defaults.application) "
      + "(\(kibibytes(applicationByteCount))), ABI \(abiVersion), "
      + description.build.configuration
  }
}

/// Rounded up.
func kibibytes(_ byteCount: Int) -> String { "\((byteCount + 1023) / 1024) KiB" }
