import Image
import Testing

@testable import ixlaunch

/// From a decided machine to QEMU's and the kernel's command line, and to the line for a person.
@Suite struct MachineTests {
  private func machine(_ network: Machine.Network) -> Machine {
    Machine(
      name: "echo", imagePath: "echo.elf", accelerator: .tcg, cores: 1,
      memory: ByteCount(bytes: 64 << 20), network: network, arguments: "")
  }

  private func user(_ forwards: String...) throws -> Machine.Network {
    .user(
      try #require(Interface("10.0.2.15/24")), gateway: try #require(IPv4("10.0.2.2")),
      forwards: forwards.compactMap(PortForward.init))
  }

  private func tap(gateway: String?) throws -> Machine.Network {
    .tap(
      try #require(TapDevice(name: "tap0")), try #require(Interface("10.9.0.2/24")),
      gateway: gateway.flatMap(IPv4.init))
  }

  private func vhostUser(_ path: String) throws -> Machine.Network {
    .vhostUser(
      VhostUserPort(path: path, device: nil), try #require(Interface("10.9.0.2/24")),
      gateway: nil)
  }

  /// The value behind `option`.
  private func value(of option: String, in machine: Machine) -> String? {
    let arguments = machine.qemuArguments
    return arguments.firstIndex(of: option).map { arguments[$0 + 1] }
  }

  @Test func theKernelIsToldItsNetwork() throws {
    #expect(machine(.none).commandLine == "spin=50")
    #expect(machine(try user()).commandLine == "ip=10.0.2.15/24 gateway=10.0.2.2 spin=50")
    #expect(machine(try tap(gateway: nil)).commandLine == "ip=10.9.0.2/24 spin=50")
  }

  @Test func aGuestUnderTCGPollsBriefly() throws {
    var machine = machine(.none)
    machine.spin = 1000
    #expect(machine.commandLine == "spin=1000")
    machine.spin = nil
    machine.accelerator = .kvm
    #expect(machine.commandLine == "")
  }

  @Test func argumentsComeLast() throws {
    var machine = machine(try tap(gateway: "10.9.0.1"))
    machine.batch = 16
    machine.spin = 60
    machine.congestion = "reno"
    machine.arguments = "a b=c"
    #expect(
      machine.commandLine
        == "ip=10.9.0.2/24 gateway=10.9.0.1 batch=16 spin=60 congestion=reno args=a b=c")
    #expect(value(of: "-append", in: machine) == machine.commandLine)
  }

  @Test func itsMemoryIsAFileThatOthersCanMap() {
    let machine = machine(.none)
    #expect(
      value(of: "-object", in: machine) == "memory-backend-memfd,id=ram,size=67108864,share=on")
    #expect(value(of: "-machine", in: machine) == "q35,memory-backend=ram")
  }

  @Test func aDebuggerComesInFromThisHostOnly() {
    var machine = machine(.none)
    #expect(value(of: "-gdb", in: machine) == nil)
    machine.debuggerPort = 1234
    #expect(value(of: "-gdb", in: machine) == "tcp:127.0.0.1:1234")
  }

  @Test func oneCoreRunsBesideAParkedOneUnderTCGOnly() {
    var machine = machine(.none)
    #expect(value(of: "-smp", in: machine) == "2")
    #expect(value(of: "-cpu", in: machine) == "max")
    machine.accelerator = .kvm
    #expect(value(of: "-smp", in: machine) == "1")
    #expect(value(of: "-cpu", in: machine) == "host")
    #expect(value(of: "-accel", in: machine) == "kvm")
  }

  @Test func userNetworkingForwardsFromLoopbackOnly() throws {
    #expect(
      value(of: "-netdev", in: machine(try user("7007:7", "8080:80")))
        == "user,id=n0,net=10.0.2.0/24,host=10.0.2.2,hostfwd=tcp:127.0.0.1:7007-10.0.2.15:7,"
        + "hostfwd=tcp:127.0.0.1:8080-10.0.2.15:80")
  }

  @Test func aTapIsAttachedWithoutScripts() throws {
    #expect(
      value(of: "-netdev", in: machine(try tap(gateway: nil)))
        == "tap,id=n0,ifname=tap0,script=no,downscript=no,vhost=off")
  }

  @Test func aBackEndElsewhereSharesTheGuestsMemory() throws {
    var machine = machine(try vhostUser("/run/a,b"))
    #expect(value(of: "-chardev", in: machine) == "socket,id=c0,path=/run/a,,b")
    #expect(value(of: "-netdev", in: machine) == "vhost-user,id=n0,chardev=c0,queues=1")
    #expect(value(of: "-object", in: machine)?.contains("share=on") == true)
    #expect(machine.commandLine == "ip=10.9.0.2/24 spin=50")
    // QEMU 7.2 crashes with message interrupts there, unless it has KVM.
    #expect(machine.qemuArguments.contains { $0.hasSuffix(",vectors=0") })
    machine.accelerator = .kvm
    machine.cores = 4
    #expect(value(of: "-netdev", in: machine) == "vhost-user,id=n0,chardev=c0,queues=4")
    #expect(machine.qemuArguments.contains { $0.hasSuffix(",mq=on,vectors=10") })
  }

  @Test func aCardWithSeveralQueuesSpreadsPacketsByHash() throws {
    var machine = machine(try tap(gateway: nil))
    machine.cores = 4
    machine.queueCount = 4
    #expect(value(of: "-netdev", in: machine)?.hasSuffix(",queues=4") == true)
    #expect(
      machine.qemuArguments.contains {
        $0.hasPrefix("virtio-net-pci") && $0.hasSuffix(",mq=on,rss=on,hash=on,vectors=10")
      })
    #expect(machine.commandLine == "ip=10.9.0.2/24 spin=50 cores=4")
  }

  @Test func aCardWithOneQueueForSeveralCoresReportsHashes() throws {
    var machine = machine(try tap(gateway: nil))
    #expect(!machine.qemuArguments.contains { $0.hasSuffix(",hash=on") })
    machine.cores = 2
    #expect(
      machine.qemuArguments.contains {
        $0.hasPrefix("virtio-net-pci") && $0.hasSuffix(",hash=on") && !$0.contains("mq=on")
      })
  }

  @Test func withoutANetworkTheCardIsConnectedToNothing() {
    #expect(value(of: "-netdev", in: machine(.none)) == "hubport,id=n0,hubid=0")
    #expect(machine(.none).qemuArguments.contains { $0.hasPrefix("virtio-net") })
  }

  @Test func aQuickerFirmwareIsUsedWhereThereIsOne() throws {
    var machine = machine(try user())
    #expect(!machine.qemuArguments.contains("-bios"))
    machine.firmware = "/usr/share/qemu/qboot.rom"
    #expect(value(of: "-bios", in: machine) == "/usr/share/qemu/qboot.rom")
    machine.network = .none
    #expect(!machine.qemuArguments.contains("-bios"))
  }

  @Test func theSandboxCanBeLeftOut() {
    var machine = machine(.none)
    #expect(machine.qemuArguments.contains("-sandbox"))
    machine.isSandboxed = false
    #expect(!machine.qemuArguments.contains("-sandbox"))
  }

  @Test func aPersonIsToldWhereToConnect() throws {
    #expect(
      machine(try user("7007:7")).answer(ports: [7])
        == "echo answers on 127.0.0.1:7007, try: nc 127.0.0.1 7007")
    #expect(
      machine(try tap(gateway: nil)).answer(ports: [7, 80])
        == "echo answers on 10.9.0.2:7, 10.9.0.2:80, try: nc 10.9.0.2 7")
    #expect(machine(.none).answer(ports: [7]) == "echo runs without a network")
    #expect(!machine(.none).waitsForListener(ports: [7]))
    #expect(machine(try user("7007:7")).waitsForListener(ports: [7]))
    #expect(!machine(try user()).waitsForListener(ports: [7]))
  }
}
