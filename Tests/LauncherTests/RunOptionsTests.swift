import ArgumentParser
import Image
import ImageFixtures
import Testing

@testable import ixlaunch

/// From a manifest's defaults and the command line to a machine, or to the reason there is none.
@Suite struct RunOptionsTests {
  private let image: Image

  init() throws { image = try Image(bytes: Fixtures.image(), named: "echo.elf") }

  private func machine(_ arguments: [String]) throws -> Machine {
    try RunOptions.parse(arguments).machine(for: image, at: "echo.elf", accelerator: .tcg)
  }

  @Test func theManifestDecidesByDefault() throws {
    let machine = try machine([])
    #expect(machine.name == "echo")
    #expect(machine.memory.description == "64M")
    #expect(machine.commandLine == "ip=10.0.2.15/24 gateway=10.0.2.2 spin=50")
    guard case .user(_, _, let forwards) = machine.network else {
      Issue.record("not user networking")
      return
    }
    #expect(forwards.map(\.description) == ["7007:7"])
  }

  @Test func optionsOverrideTheManifest() throws {
    let machine = try machine([
      "--name", "a", "--memory", "256M", "--batch", "8", "--args", "-x y", "--forward", "8000:7",
      "--forward", "8001:7", "--ip", "10.1.0.9/16",
    ])
    #expect(machine.name == "a")
    #expect(machine.memory.bytes == 256 << 20)
    #expect(machine.commandLine == "ip=10.1.0.9/16 gateway=10.1.0.2 batch=8 spin=50 args=-x y")
    guard case .user(_, _, let forwards) = machine.network else {
      Issue.record("not user networking")
      return
    }
    #expect(forwards.map(\.hostPort) == [8000, 8001])
  }

  @Test func theGatewayIsNeverTheGuestItself() throws {
    let machine = try machine(["--ip", "10.1.0.2/24"])
    #expect(machine.commandLine == "ip=10.1.0.2/24 gateway=10.1.0.1 spin=50")
  }

  @Test func aTapNeedsAnAddressAndMayHaveAGateway() throws {
    let machine = try machine([
      "--net", "tap:tap0", "--ip", "10.9.0.2/24", "--gateway", "10.9.0.1",
    ])
    #expect(machine.commandLine == "ip=10.9.0.2/24 gateway=10.9.0.1 spin=50")
  }

  static let networks = "give user, tap:IF, vhost-user:PATH, dpdk:DEVARGS or none"

  @Test(arguments: [
    ("vhost-user:/run/x", VhostUserPort(path: "/run/x", device: nil)),
    ("dpdk:net_tap0,iface=d0", VhostUserPort(path: "", device: "net_tap0,iface=d0")),
    ("dpdk:0000:01:00.0", VhostUserPort(path: "", device: "0000:01:00.0")),
  ])
  func backEndsElsewhereAreNamed(network: String, port: VhostUserPort) throws {
    let machine = try machine(["--net", network, "--ip", "10.9.0.2/24"])
    guard case .vhostUser(let found, _, nil) = machine.network else {
      Issue.record("not a back end elsewhere")
      return
    }
    #expect(found == port)
  }

  @Test(arguments: [
    "vhost-user:", "dpdk:", "dpdk:net tap", "vhost-user:/\(RunOptionsTests.longName)", "vhost:x",
  ])
  func namesOfNoBackEndAreRefused(network: String) {
    #expect(throws: LaunchError.self) {
      _ = try machine(["--net", network, "--ip", "10.9.0.2/24"])
    }
  }

  /// One byte more than a socket's path may have.
  static let longName = String(repeating: "x", count: 107)

  @Test(arguments: [
    (["--cores", "0"], "--cores 0: it is out of range; give 1 to 64"),
    (["--cores", "65"], "--cores 65: it is out of range; give 1 to 64"),
    (["--spin", "1000000000"], "--spin 1000000000: it is out of range; give 0 to 999999999"),
    (["--batch", "0"], "--batch 0: it is out of range; give 1 to 1024"),
    (["--batch", "1025"], "--batch 1025: it is out of range; give 1 to 1024"),
    (["--name", "a b"], "--name a b: it is not a name; use letters, digits, '-' and '_'"),
    (["--name", "a,b"], "--name a,b: it is not a name; use letters, digits, '-' and '_'"),
    (
      ["--memory", "nan"],
      "--memory nan: it is not an amount of memory; give it as 256M or 1G"
    ),
    (["--memory", "16M"], "--memory 16M: the image does not fit; give at least 19M"),
    (
      ["--net", "bridge"],
      "--net bridge: there is no such network; \(networks)"
    ),
    (
      ["--net", "tap:"],
      "--net tap:: there is no such network; \(networks)"
    ),
    (
      ["--net", "tap:a,b"],
      "--net tap:a,b: there is no such network; \(networks)"
    ),
    (
      ["--net", "tap:0123456789abcdef"],
      "--net tap:0123456789abcdef: there is no such network; \(networks)"
    ),
    (
      ["--net", "tap:tap0"],
      "--net tap:tap0: the guest has no address there; add --ip ADDRESS/PREFIX"
    ),
    (
      ["--net", "tap:tap0", "--ip", "10.9.0.2/24", "--forward", "1:1"],
      "--forward: only user networking forwards ports; leave it out"
    ),
    (
      ["--net", "none", "--ip", "10.9.0.2/24"],
      "--ip 10.9.0.2/24: it means nothing with --net none; leave one of them out"
    ),
    (["--ip", "10.0.0.1"], "--ip 10.0.0.1: it is not a host's address; give it as 10.0.0.2/24"),
    (
      ["--gateway", "10.1.1.1"],
      "--gateway 10.1.1.1: 10.0.2.15/24 cannot reach it; give an address of that network"
    ),
    (["--forward", "7"], "--forward 7: it is not HOSTPORT:GUESTPORT; give two ports, as 7007:7"),
    (
      ["--forward", "1:7", "--forward", "1:8"],
      "--forward 1:8: host port 1 is given twice; choose another"
    ),
    (
      ["--args", "a\nb"],
      "--args: they do not fit the kernel's command line; "
        + "give at most 1024 bytes of printable ASCII"
    ),
  ])
  func contradictionsAreExplained(arguments: [String], explanation: String) throws {
    do throws(any Error) {
      _ = try machine(arguments)
      Issue.record("accepted")
    } catch let error as LaunchError {
      #expect(error.description == explanation)
      #expect(error.status == .usage)
    }
  }
}
