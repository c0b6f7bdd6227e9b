import Testing

@testable import Image

@Suite struct ManifestTests {
  private func parse(_ text: String, name: String = "echo") -> Result<Manifest, ManifestError> {
    do {
      return .success(try Manifest(parsing: text, name: name, file: "f.yaml"))
    } catch {
      return .failure(error)
    }
  }

  @Test func onlyTheApplicationMustBeGiven() throws {
    let manifest = try parse("application: echo").get()
    #expect(manifest.name == "echo")
    #expect(manifest.content == nil)
    #expect(manifest.memory.bytes == 64 << 20)
    #expect(manifest.cores == 1)
    #expect(manifest.ports == [])
    #expect(manifest.interface.description == "10.0.2.15/24")
    #expect(manifest.gateway?.description == "10.0.2.2")
    #expect(manifest.arguments == "")
  }

  @Test func everyKeyIsRead() throws {
    let manifest = try parse(
      """
      application: bin/server.elf
      content: site/
      memory: 1G
      cores: 4
      ports: [7, 80]
      forward: [7007:7, 8080:80]
      network:
        ip: 192.168.1.9/16
        gateway: 192.168.0.1
      arguments: --threads 3
      """
    ).get()
    #expect(manifest.application == "bin/server.elf")
    #expect(manifest.content == "site/")
    #expect(manifest.memory.bytes == 1 << 30)
    #expect(manifest.cores == 4)
    #expect(manifest.ports == [7, 80])
    #expect(manifest.forwards.map(\.description) == ["7007:7", "8080:80"])
    #expect(manifest.interface.description == "192.168.1.9/16")
    #expect(manifest.gateway?.description == "192.168.0.1")
    #expect(manifest.arguments == "--threads 3")
  }

  @Test(arguments: [
    ("", "f.yaml:1: this is not a list of `key: value` lines; correct it"),
    ("- a", "f.yaml:1: this is not a list of `key: value` lines; correct it"),
    ("memory: 64M", "f.yaml: key `application` is missing; add it: a product's name or a path"),
    (
      "application: a\ncolour: red",
      "f.yaml:2: unknown key `colour`; known keys are application, content, memory, cores, ports, "
        + "forward, network, arguments"
    ),
    (
      "application: a\nnetwork:\n  mask: 1",
      "f.yaml:3: unknown key `network.mask`; known keys are ip, gateway"
    ),
    ("application: a\ncores: 1\ncores: 2", "f.yaml:3: key `cores` appears twice; keep one"),
    ("application: a\ncores: 0", "f.yaml:2: `cores` is \"0\"; give a number from 1 to 64"),
    ("application: a\ncores: 65", "f.yaml:2: `cores` is \"65\"; give a number from 1 to 64"),
    ("application: a\ncores: [1]", "f.yaml:2: `cores` is a list; give a number from 1 to 64"),
    (
      "application: a\nmemory: .nan",
      "f.yaml:2: `memory` is \".nan\"; give 16M to 1024G, as in 64M"
    ),
    ("application: a\nmemory: -1", "f.yaml:2: `memory` is \"-1\"; give 16M to 1024G, as in 64M"),
    ("application: a\nmemory: 15M", "f.yaml:2: `memory` is \"15M\"; give 16M to 1024G, as in 64M"),
    ("application: a\nports: [0]", "f.yaml:2: `ports` is \"0\"; give a port, 1 to 65535"),
    ("application: a\nports:\n- 7\n- 7", "f.yaml:4: `ports` lists 7 twice; correct it"),
    ("application: a\nforward: 1", "f.yaml:2: `forward` is \"1\"; give HOSTPORT:GUESTPORT"),
    (
      "application: a\nforward: 7007:7",
      "f.yaml:2: 7007:7 leads to a port that `ports` does not list; correct it"
    ),
    (
      "application: a\nnetwork: user",
      "f.yaml:2: `network` has a value of its own; give it the keys ip, gateway"
    ),
    (
      "application: a\nnetwork:\n  ip: 10.0.0.0/24",
      "f.yaml:3: `ip` is \"10.0.0.0/24\"; give a host's ADDRESS/PREFIX"
    ),
    (
      "application: a\nnetwork:\n  ip: 10.0.0.9/24\n  gateway: 10.0.1.1",
      "f.yaml:4: `gateway` is \"10.0.1.1\"; give none or an address inside 10.0.0.9/24"
    ),
  ])
  func aWrongManifestIsExplainedWithItsLine(text: String, explanation: String) {
    guard case .failure(let error) = parse(text) else {
      Issue.record("accepted")
      return
    }
    #expect(error.description == explanation)
  }

  @Test func brokenYAMLNamesTheLine() {
    guard case .failure(let error) = parse("application: a\nports: [7") else {
      Issue.record("accepted")
      return
    }
    #expect(error.thing.hasPrefix("f.yaml:"))
  }

  @Test(arguments: ["", "a b", "a,b", "../x", String(repeating: "a", count: 64)])
  func anImageNameIsSafeInPathsAndOptions(name: String) {
    guard case .failure = parse("application: a", name: name) else {
      Issue.record("accepted")
      return
    }
  }
}
