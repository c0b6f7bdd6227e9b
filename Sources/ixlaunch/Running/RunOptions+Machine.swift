import Image

extension RunOptions {
  private static let coreRange = 1...64
  private static let batchRange = 1...1024
  private static let spinRange = 0...999_999_999

  /// The machine that these options make of `image`; throws for what contradicts itself.
  func machine(
    for image: Image, at path: String, accelerator: Accelerator
  ) throws(LaunchError) -> Machine {
    let defaults = image.description.defaults
    let cores = cores ?? defaults.cores
    guard Self.coreRange.contains(cores) else {
      throw Self.wrong("--cores \(cores)", "it is out of range", "give 1 to 64")
    }
    if let spin, !Self.spinRange.contains(spin) {
      throw Self.wrong("--spin \(spin)", "it is out of range", "give 0 to 999999999")
    }
    if let batch, !Self.batchRange.contains(batch) {
      throw Self.wrong("--batch \(batch)", "it is out of range", "give 1 to 1024")
    }
    let name = name ?? defaults.name
    guard Manifest.isName(name) else {
      throw Self.wrong("--name \(name)", "it is not a name", "use letters, digits, '-' and '_'")
    }
    guard let arguments = Manifest.arguments(args ?? defaults.arguments) else {
      throw Self.wrong(
        "--args", "they do not fit the kernel's command line",
        "give at most \(Manifest.argumentsByteLimit) bytes of printable ASCII")
    }
    var machine = Machine(
      name: name, imagePath: path, accelerator: accelerator, cores: cores,
      memory: try memory(for: image), network: try network(for: defaults), batch: batch, spin: spin,
      congestion: congestion?.rawValue,
      arguments: arguments)
    machine.debuggerPort = gdb
    return machine
  }

  private func memory(for image: Image) throws(LaunchError) -> ByteCount {
    let text = memory ?? image.description.defaults.memory.description
    guard let memory = ByteCount(text), Manifest.memoryRange.contains(memory.bytes) else {
      throw Self.wrong("--memory \(text)", "it is not an amount of memory", "give it as 256M or 1G")
    }
    let least = image.leastMemory
    guard memory.bytes >= least.bytes else {
      throw Self.wrong("--memory \(text)", "the image does not fit", "give at least \(least)")
    }
    return memory
  }

  private func network(for defaults: Manifest) throws(LaunchError) -> Machine.Network {
    if net == "none" {
      try refuseNetworkOptions("--net none")
      return .none
    }
    if net == "user" { return try userNetwork(for: defaults) }
    let port = try VhostUserPort(network: net)
    let tap = net.hasPrefix("tap:") ? TapDevice(name: String(net.dropFirst(4))) : nil
    guard port != nil || tap != nil else {
      throw Self.wrong(
        "--net \(net)", "there is no such network",
        "give user, tap:IF, vhost-user:PATH, dpdk:DEVARGS or none")
    }
    guard forward.isEmpty else {
      throw Self.wrong("--forward", "only user networking forwards ports", "leave it out")
    }
    guard let interface = try interface() else {
      throw Self.wrong(
        "--net \(net)", "the guest has no address there", "add --ip ADDRESS/PREFIX")
    }
    let gateway = try gateway(within: interface)
    if let port { return .vhostUser(port, interface, gateway: gateway) }
    guard let tap else { return .none }
    return .tap(tap, interface, gateway: gateway)
  }

  private func userNetwork(for defaults: Manifest) throws(LaunchError) -> Machine.Network {
    let given = try interface()
    let interface = given ?? defaults.interface
    let usual = given == nil ? defaults.gateway : nil
    let gateway = try gateway(within: interface) ?? usual ?? Self.usualGateway(of: interface)
    var forwards: [PortForward] = []
    for text in forward {
      guard let rule = PortForward(text) else {
        throw Self.wrong(
          "--forward \(text)", "it is not HOSTPORT:GUESTPORT", "give two ports, as 7007:7")
      }
      guard !forwards.contains(where: { $0.hostPort == rule.hostPort }) else {
        throw Self.wrong(
          "--forward \(text)", "host port \(rule.hostPort) is given twice", "choose another")
      }
      forwards.append(rule)
    }
    return .user(
      interface, gateway: gateway, forwards: forward.isEmpty ? defaults.forwards : forwards)
  }

  private func refuseNetworkOptions(_ reason: String) throws(LaunchError) {
    let given = [
      ip.map { "--ip \($0)" }, gateway.map { "--gateway \($0)" },
      forward.first.map { "--forward \($0)" },
    ]
    guard let option = given.compactMap({ $0 }).first else { return }
    throw Self.wrong(option, "it means nothing with \(reason)", "leave one of them out")
  }

  private func interface() throws(LaunchError) -> Interface? {
    guard let ip else { return nil }
    guard let interface = Interface(ip) else {
      throw Self.wrong("--ip \(ip)", "it is not a host's address", "give it as 10.0.0.2/24")
    }
    return interface
  }

  private func gateway(within interface: Interface) throws(LaunchError) -> IPv4? {
    guard let gateway else { return nil }
    guard let address = IPv4(gateway), interface.reaches(address) else {
      throw Self.wrong(
        "--gateway \(gateway)", "\(interface) cannot reach it", "give an address of that network")
    }
    return address
  }

  /// QEMU's own choice, the network's second address, unless the guest has it.
  private static func usualGateway(of interface: Interface) -> IPv4 {
    let second = IPv4(rawValue: interface.network.rawValue | 2)
    return interface.reaches(second) ? second : IPv4(rawValue: interface.network.rawValue | 1)
  }

  private static func wrong(_ thing: String, _ reason: String, _ remedy: String) -> LaunchError {
    LaunchError(.usage, thing, reason, remedy: remedy)
  }
}
