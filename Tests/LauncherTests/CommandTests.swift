import Foundation
import Testing

/// The command as a person calls it: one sentence and the right exit status.
@Suite struct CommandTests {
  private let launcher: Launcher

  init() throws { launcher = try Launcher() }

  @Test(arguments: [
    ["run"], ["nonsense"], ["run", "echo.elf", "--accel", "warp"], ["run", "echo.elf", "--cores"],
    ["run", "echo.elf", "--cores", "nan"], ["run", "echo.elf", "--cores", "0"],
    ["run", "echo.elf", "--memory", "NaN"], ["run", "absent.yaml"], ["build", "absent.yaml"],
    ["build"],
  ])
  func wrongUsageEndsWithTwo(arguments: [String]) throws {
    let finished = try launcher.run(arguments)
    #expect(finished.status == 2)
    #expect(finished.errors.hasPrefix("ixlaunch: "))
    #expect(finished.output == "")
  }

  @Test func helpAndVersionEndWithZero() throws {
    for option in ["--help", "--version"] {
      let finished = try launcher.run(option)
      #expect(finished.status == 0)
      #expect(finished.errors == "")
    }
  }

  @Test(arguments: ["run", "inspect"])
  func imagesThatAreNoneAreRefusedInOneSentence(command: String) throws {
    try launcher.write("garbage.elf", Data([1, 2, 3]))
    try launcher.write("empty.elf", Data())
    let whole = try Data(contentsOf: URL(fileURLWithPath: launcher.path("echo.elf")))
    try launcher.write("short.elf", whole.dropLast(100))
    var flipped = whole
    flipped[5000] ^= 4
    try launcher.write("flipped.elf", flipped)
    for (file, reason) in [
      ("garbage.elf", "this is not an ELF file"), ("empty.elf", "this is not an ELF file"),
      ("flipped.elf", "its checksum does not match its contents"), ("short.elf", ""),
      ("absent.elf", "there is no such file"), (".", "it is not a regular file"),
      ("/dev/zero", "it is not a regular file"),
    ] {
      let finished = try launcher.run(command, file)
      #expect(finished.status == 3)
      #expect(finished.errors.hasPrefix("ixlaunch: \(file): \(reason)"))
      #expect(finished.errors.filter { $0 == "\n" }.count == 1)
      #expect(finished.output == "")
    }
  }

  @Test func aManifestErrorNamesFileAndLine() throws {
    try launcher.write("a.yaml", Data("application: echo\ncolour: red\n".utf8))
    let finished = try launcher.run("build", "a.yaml")
    #expect(finished.status == 2)
    #expect(finished.errors.hasPrefix("ixlaunch: a.yaml:2: unknown key `colour`; "))
  }

  @Test func aCheckoutThatIsNoneIsExplained() throws {
    try launcher.write("a.yaml", Data("application: echo\n".utf8))
    let finished = try launcher.run("build", "a.yaml", "--ix", "/")
    #expect(finished.status == 2)
    #expect(finished.errors.contains("--ix /: it is not a checkout of IX; "))
  }

  @Test func newMakesAPackageOnce() throws {
    let made = try launcher.run("new", "my_app")
    #expect(made.status == 0)
    #expect(made.output == "my_app: made; next: ixlaunch run my_app/my_app.yaml\n")
    let files = try FileManager.default.subpathsOfDirectory(atPath: launcher.path("my_app"))
    for file in [
      "Package.swift", "my_app.yaml", "README.md", ".gitignore", "Sources/my_app/my_app.swift",
      "Tests/my_appTests/my_appTests.swift",
    ] {
      #expect(files.contains(file))
    }
    let again = try launcher.run("new", "my_app")
    #expect(again.status == 2)
    #expect(again.errors.contains("it exists"))
  }

  @Test(arguments: ["", "a b", "a-b", "9a", "../x", "IX", "echo", "Swift"])
  func anApplicationNeedsANameOfItsOwn(name: String) throws {
    let finished = try launcher.run("new", name)
    #expect(finished.status == 2)
    #expect(finished.errors.contains("choose another"))
  }

  @Test func anAbsentTapIsExplained() throws {
    let finished = try launcher.run(
      "run", "echo.elf", "--net", "tap:ixnone0", "--ip", "10.9.0.2/24")
    #expect(finished.status == 3)
    #expect(
      finished.errors == "ixlaunch: ixnone0: there is no such interface; "
        + "make one: ip tuntap add ixnone0 mode tap vnet_hdr\n")
  }

  @Test func loopbackIsNoTap() throws {
    let finished = try launcher.run("run", "echo.elf", "--net", "tap:lo", "--ip", "10.9.0.2/24")
    #expect(finished.status == 3)
    #expect(finished.errors.contains("this interface is not a tap"))
  }

  @Test func moreMemoryThanThereIsIsRefused() throws {
    let finished = try launcher.run("run", "echo.elf", "--net", "none", "--memory", "1024G")
    #expect(finished.status == 3)
    #expect(finished.errors.hasPrefix("ixlaunch: --memory 1024G: this host has "))
  }

  @Test func inspectDescribesTheImage() throws {
    let finished = try launcher.run("inspect", "echo.elf")
    #expect(finished.status == 0)
    #expect(finished.output.contains("echo, "))
    #expect(finished.output.contains("valid"))
    let json = try launcher.run("inspect", "echo.elf", "--json")
    let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
    #expect((object as? [String: Any])?["abiVersion"] as? Int == 1)
  }

  @Test func theDoctorAnswersInBothForms() throws {
    #expect(try launcher.run("doctor").output.contains("run would use "))
    let json = try launcher.run("doctor", "--json")
    let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
    #expect((object as? [String: Any])?["items"] != nil)
  }
}
