import ArgumentParser
import ControlPlane
import Foundation
import Image
import Logging

/// `ixlaunch run`: boot an image in a virtual machine.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Boot an image; its console appears on standard output, Ctrl-C stops it.")

  @Argument(help: "An image, or a manifest to build it from first.", completion: .file())
  var image: String

  @OptionGroup var options: RunOptions

  @Option(
    help: "The checkout of IX to build with. (default: the one this program was built in)",
    completion: .directory)
  var ix: String?

  @Flag(name: .shortAndLong, help: "Show the monitor's command line and the compilers' output.")
  var verbose = false

  func run() throws {
    let log = Logger.launcher(verbose: verbose)
    if options.detach { return try Detachment().run() }
    let (image, path) = try openImage(log: log)
    let host = HostFacts.current()
    let choice = try MonitorChoice(options.vmm, options.accel, net: options.net, on: host)
    var machine = try options.machine(for: image, at: path, accelerator: choice.accelerator)
    machine.monitor = choice.monitor
    try machine.checkHost(host)
    machine.queueCount = machine.usableQueueCount()
    let monitor = try program(for: &machine)
    log.info("\(choice.text)")
    let directory = RunDirectory()
    let folder = try directory.claim(machine.name, orAnother: options.name == nil)
    machine.name = folder.name
    let attendance = Attendance(folder, in: directory, log: log)
    var status = LauncherStatus.hostCannot
    defer { attendance.end(exitStatus: status.rawValue, isKept: options.isLeftAlone) }
    let end = try boot(machine, image, monitor, attendance, log)
    status = end.status
    if let problem = end.problem { throw problem }
    if end.status != .clean { throw GuestEnded(status: end.status) }
  }

  /// The path of what runs the machine.
  private func program(for machine: inout Machine) throws -> String {
    switch machine.monitor {
    case .own:
      return try Tool.sibling("ixmonitor")
    case .qemu:
      let tool = try Tool("qemu-system-x86_64", from: "apt install qemu-system-x86")
      machine.firmware = tool.dataFile("qemu/qboot.rom")
      return tool.path
    }
  }

  /// The image itself, or the one that a manifest describes.
  private func openImage(log: Logger) throws -> (Image, path: String) {
    guard image.hasSuffix(".yaml") || image.hasSuffix(".yml") else {
      return (try Image(at: image), image)
    }
    let builder = try ImageBuilder(
      manifestPath: image, checkout: ix, configuration: .release, log: log)
    let path = builder.usualOutput
    return (try builder.build(to: path).image, path)
  }

  /// Runs the machine; once more without QEMU's sandbox if this kernel does not allow that.
  private func boot(
    _ machine: Machine, _ image: Image, _ monitor: String, _ attendance: Attendance, _ log: Logger
  ) throws -> GuestEnd {
    let signals = try ChildProcess.openSignals()
    var machine = machine
    let poller = try PollerProcess.start(
      for: &machine, outlives: options.isLeftAlone, signals: signals, log: log)
    defer { poller?.stop() }
    var supervisor = Supervisor(
      machine: machine, image: image, monitor: monitor, log: log, attendance: attendance,
      isLeftAlone: options.isLeftAlone)
    supervisor.poller = poller
    let end = try supervisor.run(signals: signals)
    guard end.isSandboxRefused else { return end }
    log.info("this host does not allow QEMU's sandbox: starting without it")
    machine.isSandboxed = false
    supervisor = Supervisor(
      machine: machine, image: image, monitor: monitor, log: log, attendance: attendance,
      isLeftAlone: options.isLeftAlone)
    supervisor.poller = poller
    return try supervisor.run(signals: signals)
  }
}
