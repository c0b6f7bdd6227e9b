import ArgumentParser
import Glibc
import HostNetwork
import Image
import KVM
import VMM
import Wire

/// `ixlaunch monitor`: the process that a guest runs in. `ixlaunch run` starts it and shows its
/// console; nobody types this.
struct Monitor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a guest in this process.", shouldDisplay: false)

  @Option var image: String
  @Option var memory: UInt64
  @Option var cores: Int
  @Option var append = ""
  @Option var tap: String?
  @Option var vhostUser: String?
  @Option var address: UInt64

  func run() throws {
    do {
      try MonitorProcess.run(machine())
    } catch let error as MonitorError {
      throw failure(error.description)
    } catch let error as KVMError {
      throw failure(error.description)
    } catch let error as SystemCallError {
      throw failure(error.description)
    }
  }

  private func machine() throws -> VirtualMachine {
    let system = try KVMSystem()
    let file = try Image.contents(of: image)
    let image = try Image(bytes: file, named: image)
    let memory = try GuestMemory(byteCount: memory)
    let boot = try BootImage(image, file: file, commandLine: append, into: memory)
    let parts = VirtualMachine.Parts(
      memory: memory, processorCount: cores, backEnd: try backEnd(),
      address: MACAddress(address), console: MonitorProcess.console)
    return try VirtualMachine(parts, boot: boot, on: system)
  }

  private func backEnd() throws(SystemCallError) -> any NetworkBackEnd {
    if let vhostUser { return try VhostUserBackEnd(path: vhostUser, pairLimit: cores) }
    guard let tap else { return UnconnectedBackEnd() }
    return try TapBackEnd(tap: tap, pairCount: 1, spinMicroseconds: 50)
  }

  /// `ixlaunch run` reads this and says it to the user.
  private func failure(_ reason: String) -> LaunchError {
    LaunchError(.applicationFailure, "monitor", reason)
  }
}
