import Testing

/// What ring 3 must not be able to do, on the booted image: each rule broken by an image of its own
/// run of `probe`.
@Suite(.serialized) struct ProtectionTests {
  struct Rule: CustomTestStringConvertible {
    let name: String
    /// Text of the kernel's report or of the probe's own words.
    let expected: [String]
    let status: Int32
    var needsPacket = false
    var testDescription: String { name }
  }

  static let pageFault = "application fault: page fault"

  static let rules = [
    Rule(name: "write-events", expected: [pageFault], status: 1),
    Rule(name: "write-startup-page", expected: [pageFault], status: 1),
    Rule(name: "write-own-text", expected: [pageFault], status: 1),
    Rule(name: "write-kernel-memory", expected: [pageFault, "0xffffffff80100000"], status: 1),
    Rule(name: "read-kernel-memory", expected: [pageFault, "0xffff800000100000"], status: 1),
    Rule(name: "execute-stack", expected: [pageFault], status: 1),
    Rule(name: "execute-heap", expected: [pageFault], status: 1),
    Rule(name: "overflow-stack", expected: [pageFault, "overflow_stack"], status: 1),
    Rule(name: "privileged-instruction", expected: ["general protection"], status: 1),
    Rule(name: "port-access", expected: ["general protection"], status: 1),
    Rule(name: "divide-by-zero", expected: ["divide"], status: 1),
    Rule(
      name: "bad-system-calls",
      expected: [
        "unknown system call -1", "console write from kernel -2", "console write from null -2",
        "2^63 calls -3", "port 0 -3",
      ], status: 0),
    Rule(name: "single-step", expected: ["probe: went on"], status: 0),
    Rule(name: "exit-3", expected: [], status: 1),
    Rule(
      name: "write-received-buffer", expected: [pageFault, "0x20000"], status: 1,
      needsPacket: true),
    Rule(
      name: "send-foreign-pointers",
      expected: [
        "kernel text -2", "direct map -2", "non-canonical -2", "null -2", "past the heap -2",
        "wrapping -2", "forged handle -4", "kernel vectors -2", "2^31 vectors -3",
        "foreign buffer -3", "buffer returned twice -3", "unknown call -1",
      ], status: 0, needsPacket: true),
  ]

  @Test(arguments: rules)
  func abrokenRuleEndsTheApplicationOrIsAnErrorCode(rule: Rule) throws {
    let port = freePort()
    let guest = try Guest("probe", ["--args", rule.name, "--forward", "\(port):7"])
    if rule.needsPacket {
      #expect(guest.waitUntilListening())
      _ = try shell(
        ["timeout", "5", "bash", "-c", "echo hello > /dev/tcp/127.0.0.1/\(port); sleep 1"])
    }
    let finished = guest.launcher.finish(within: 30)
    for text in rule.expected { #expect(finished.output.contains(text)) }
    #expect(!finished.output.contains("kernel fault"))
    #expect(finished.status == rule.status, "\(finished.output)")
  }
}
