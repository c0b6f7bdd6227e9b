import ArgumentParser
import ControlPlane

/// `ixlaunch tune`: changes what `run` was told.
struct Tune: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Change the batch bound or the spin time of a running dataplane.")

  @Argument(help: "The dataplane's name.")
  var name: String

  @Option(help: "Most packets of one batch, 1 to 1024.")
  var batch: UInt64?

  @Option(help: "Microseconds without a packet after which a core sleeps.")
  var spin: UInt64?

  @Flag(name: .customLong("print"), help: "Let it print its statistics on its console.")
  var prints = false

  @Flag(help: "Print one JSON object.")
  var json = false

  private struct Result: Encodable {
    let name: String
    let batch: UInt64?
    let spinMicroseconds: UInt64?
    let printed: Bool
  }

  func validate() throws {
    guard batch != nil || spin != nil || prints else {
      throw ValidationError("give --batch, --spin or --print")
    }
  }

  func run() throws {
    let dataplane = try Dataplane(name)
    if let batch { try dataplane.requireOnAllCores(.setBatch, [batch]) }
    if let spin { try dataplane.requireOnAllCores(.setSpin, [spin]) }
    if prints { try dataplane.requireOnAllCores(.print) }
    let result = Result(name: name, batch: batch, spinMicroseconds: spin, printed: prints)
    print(json ? try encodedAsJSON(result) : "\(name): done")
  }
}
