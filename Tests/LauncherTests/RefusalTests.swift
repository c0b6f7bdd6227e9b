import Foundation
import ImageFixtures
import Testing

/// What cannot run is refused in one sentence, and nothing of the attempt is left.
@Suite struct RefusalTests {
  private let launcher: Launcher

  init() throws {
    launcher = try Launcher()
    try launcher.writeEmulator("echo started; exit 33")
  }

  private func expectRefusal(
    _ finished: Launcher.Finished, status: Int32, _ sentence: String,
    at place: SourceLocation = #_sourceLocation
  ) throws {
    #expect(finished.status == status, sourceLocation: place)
    let sentences = finished.errors.split(separator: "\n").filter { !$0.contains(": using ") }
    #expect(sentences == ["ixlaunch: \(sentence)"], sourceLocation: place)
    #expect(finished.output == "", sourceLocation: place)
    #expect(try launcher.remains() == [], sourceLocation: place)
  }

  private func run(_ options: String...) throws -> Launcher.Finished {
    try launcher.run(["run", "echo.elf"] + options)
  }

  @Test func segmentsThatOverlapAreRefused() throws {
    var kernel = Fixtures.kernel
    kernel.segments[1].physicalAddress = 0x100080
    try launcher.write("echo.elf", Data(try Fixtures.image(kernel: kernel)))
    try expectRefusal(
      try run("--net", "none"), status: 3,
      "echo.elf: its segments at 0x100000 and 0x100080 overlap; "
        + "build it again with `ixlaunch build`")
  }

  @Test func aProgramThatIsNoImageIsRefused() throws {
    try launcher.write("echo.elf", Data(Fixtures.application.bytes))
    try expectRefusal(
      try run("--net", "none"), status: 3,
      "echo.elf: it has no IX note; give an image made by `ixlaunch build`")
  }

  @Test func anImageThatDoesNotFitIsRefused() throws {
    try expectRefusal(
      try run("--net", "none", "--memory", "16M"), status: 2,
      "--memory 16M: the image does not fit; give at least 19M")
  }

  @Test(arguments: [
    ("colour: red", "a.yaml:2: unknown key `colour`; "),
    ("cores: 1\ncores: 2", "a.yaml:3: key `cores` appears twice; keep one"),
    ("memory: .nan", "a.yaml:2: `memory` is \".nan\"; give 16M to 1024G, as in 64M"),
    ("cores: 0", "a.yaml:2: `cores` is \"0\"; give a number from 1 to 64"),
  ])
  func aWrongManifestIsRefused(lines: String, sentence: String) throws {
    try launcher.write("a.yaml", Data("application: echo\n\(lines)\n".utf8))
    let finished = try launcher.run("run", "a.yaml")
    #expect(finished.status == 2)
    #expect(finished.errors.hasPrefix("ixlaunch: \(sentence)"))
    #expect(finished.errors.filter { $0 == "\n" }.count == 1)
    #expect(try launcher.remains() == [])
  }

  @Test func aSocketsPathThatIsTooLongIsRefused() throws {
    let path = "/" + String(repeating: "x", count: 107)
    try expectRefusal(
      try run("--net", "vhost-user:\(path)", "--ip", "10.9.0.2/24"), status: 2,
      "--net vhost-user:\(path): a socket's path has at most 107 bytes; give a shorter one")
  }

  @Test func aRunDirectoryThatCannotBeMadeIsRefused() throws {
    launcher.runDirectory = URL(fileURLWithPath: launcher.path("echo.elf/run"))
    let finished = try run("--net", "none")
    #expect(finished.status == 3)
    let sentences = finished.errors.split(separator: "\n").dropFirst()
    #expect(
      sentences == [
        "ixlaunch: \(launcher.runDirectory.path): it is not a folder that only this user can write; "
          + "name another place by IX_RUN_DIRECTORY"
      ])
    #expect(launcher.processes == [])
  }

  @Test func aMonitorThatCannotBeStartedLeavesNothing() throws {
    try launcher.write("qemu-system-x86_64", Data("#!/absent\n".utf8))
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: launcher.path("qemu-system-x86_64"))
    try expectRefusal(
      try run("--net", "none"), status: 3,
      "\(launcher.path("qemu-system-x86_64")): it cannot be started: No such file or directory")
  }

  /// Taps of a network namespace that ends with the launcher.
  @Test(
    .enabled(if: geteuid() == 0 && FileManager.default.fileExists(atPath: "/dev/net/tun")),
    arguments: [
      (
        "ip tuntap add tap0 mode tap vnet_hdr",
        "tap0: this tap is down; start it: ip link set tap0 up"
      ),
      (
        "ip tuntap add tap0 mode tap; ip link set tap0 up",
        "tap0: this tap was made without vnet_hdr; make one: ip tuntap add tap0 mode tap vnet_hdr"
      ),
      (
        "ip tuntap add tap0 mode tap vnet_hdr multi_queue; ip link set tap0 up",
        "tap0: this tap was made with multi_queue, which one core cannot use; "
          + "make one: ip tuntap add tap0 mode tap vnet_hdr"
      ),
      (
        "ip tuntap add tap0 mode tun vnet_hdr; ip link set tap0 up",
        "tap0: this interface is not a tap; make one: ip tuntap add tap0 mode tap vnet_hdr"
      ),
      (
        "ip link add tap0 type veth peer name v1; ip link set tap0 up",
        "tap0: this interface is not a tap; make one: ip tuntap add tap0 mode tap vnet_hdr"
      ),
      ("true", "tap0: there is no such interface; make one: ip tuntap add tap0 mode tap vnet_hdr"),
    ])
  func aTapOfAnotherKindIsRefused(commands: String, sentence: String) throws {
    let inside = "mount -t sysfs none /sys && \(commands) && exec \"$0\" \"$@\""
    let finished = try launcher.run(
      ["run", "echo.elf", "--net", "tap:tap0", "--ip", "10.9.0.2/24"],
      script: "exec unshare -n -m sh -c '\(inside)' \"$0\" \"$@\"")
    try expectRefusal(finished, status: 3, sentence)
  }
}
