import Foundation
import Testing

/// A dataplane with a name of its own, as the control plane sees it.
struct Watched {
  let name = "test-\(UInt32.random(in: 0...999_999))"
  /// Leads to the guest's port, unless the guest is on a tap.
  let port: UInt16
  let guest: Guest

  init(_ image: String, _ guestPort: Int, _ options: [String] = []) throws {
    port = freePort()
    guest = try Guest(
      image, ["--name", name, "--forward", "\(port):\(guestPort)"] + options)
    #expect(guest.waitUntilListening())
  }

  init(_ image: String, in namespace: Namespace, _ options: [String] = []) throws {
    port = 0
    guest = try Guest(image, Guest.onTap + ["--name", name] + options, in: namespace)
    #expect(guest.waitUntilListening())
  }

  func launch(_ arguments: String..., seconds: Double = 30) throws -> Finished {
    try shell([product("release/ixlaunch")] + arguments, seconds: seconds)
  }

  /// Counters and gauges of the first core, by name.
  func numbers() throws -> [String: Int] {
    let core = try firstCore()
    var numbers: [String: Int] = [:]
    for kind in ["gauges", "counters", "drops"] {
      numbers.merge(core[kind] as? [String: Int] ?? [:]) { $1 }
    }
    return numbers
  }

  /// Batches of the first core by the most frames of those counted together.
  func batches() throws -> [Int: Int] {
    let batches = try #require(firstCore()["batches"] as? [String: Int])
    return Dictionary(uniqueKeysWithValues: batches.map { (Int($0) ?? .max, $1) })
  }

  private func firstCore() throws -> [String: Any] {
    // A core shows new numbers every 50 ms while it works.
    usleep(300_000)
    let text = try launch("stats", name, "--json").output
    let report = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    return try #require((report?["cores"] as? [[String: Any]])?.first)
  }

  func record() throws -> [String: Any] {
    let text = try launch("list", "--json").output
    let all = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]] ?? []
    return try #require(
      all.compactMap { $0["record"] as? [String: Any] }.first { $0["name"] as? String == name })
  }

  func process(_ part: String) throws -> Int32 {
    let identity = try record()[part] as? [String: Any]
    return Int32(try #require(identity?["identifier"] as? Int))
  }
}

/// What a running image shows, and what it can be told.
@Suite(.serialized) struct ControlTests {
  /// Values and files leave from where they lie, and arrive where the application reads them.
  @Test func nothingIsCopiedBetweenTheCardAndTheApplication() throws {
    let store = try Watched("kv", 11211)
    let script = """
      exec 3<>/dev/tcp/127.0.0.1/\(store.port)
      printf 'set a 0 0 100000\\r\\n' >&3; head -c 100000 /dev/zero >&3; printf '\\r\\n' >&3
      read -r -t 10 line <&3; for i in 1 2 3 4 5; do printf 'get a\\r\\n' >&3; done
      head -c 500000 <&3 | wc -c
      """
    let got = try shell(["timeout", "-s", "KILL", "30", "bash", "-c", script], seconds: 40)
    #expect(got.output.contains("500000"), "\(got.output)")
    try expectNoCopies(store, sentByteCount: 500_000, receivedByteCount: 100_000)

    let site = try Watched("http", 80)
    let address = "http://127.0.0.1:\(site.port)/"
    let page = try shell(["curl", "-sf", "-m", "20", address])
    let pageByteCount = page.output.utf8.count
    for _ in 0..<10 { _ = try shell(["curl", "-sf", "-m", "20", "-o", "/dev/null", address]) }
    try expectNoCopies(site, sentByteCount: 11 * pageByteCount, receivedByteCount: 11 * 40)

    let echo = try Watched("echo", 7)
    let load = try shell(
      EchoTests.load([
        "--port", "\(echo.port)", "--connections", "4", "--messages", "500", "--minimum-size",
        "200", "--maximum-size", "4000",
      ]))
    #expect(load.status == 0, "\(load.output)")
    try expectNoCopies(echo, sentByteCount: 100_000, receivedByteCount: 100_000)
  }

  private func expectNoCopies(
    _ watched: Watched, sentByteCount: Int, receivedByteCount: Int
  ) throws {
    let numbers = try watched.numbers()
    #expect(numbers["copied_bytes"] == 0)
    #expect(numbers["tcp_received_bytes", default: 0] >= receivedByteCount)
    #expect(numbers["device_transmitted_in_place_bytes", default: 0] >= sentByteCount)
    // What the kernel wrote itself are headers: at most Ethernet, IPv4 and TCP with all options.
    let frames = numbers["device_transmitted_frames", default: 0]
    #expect(frames > 0)
    #expect(numbers["device_transmitted_header_bytes", default: .max] <= frames * (14 + 20 + 60))
    #expect(watched.guest.stop().status == 0)
  }

  @Test func aCaptureUnderLoadIsReadByTshark() throws {
    let echo = try Watched("echo", 7)
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("\(echo.name).pcapng").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    let capture = try Running([
      product("release/ixlaunch"), "capture", echo.name, "-w", file, "--json",
    ])
    #expect(capture.waitFor("Ctrl-C ends it", seconds: 20))
    let load = try shell(
      EchoTests.load([
        "--port", "\(echo.port)", "--connections", "3", "--messages", "300", "--minimum-size",
        "64", "--maximum-size", "1000",
      ]))
    #expect(load.status == 0, "\(load.output)")
    usleep(300_000)
    capture.interrupt()
    let end = capture.finish(within: 20)
    #expect(end.status == 0, "\(end.output)")
    let text = end.output.drop { $0 != "{" }
    let summary = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Int]
    #expect(summary?["dropped"] == 0)
    let read = try shell([
      "tshark", "-n", "-r", file, "-Y", "tcp.port == 7", "-T", "fields",
      "-e", "tcp.flags.syn", "-e", "tcp.len", "-e", "_ws.malformed",
    ])
    let lines = read.output.split(separator: "\n").filter { $0.first?.isNumber ?? false }
    #expect(lines.count >= 600)
    #expect(lines.filter { $0.hasPrefix("1\t") }.count == 6)
    #expect(!read.output.contains("alformed"))
    let all = try shell(["capinfos", "-c", "-M", file]).output
    #expect(all.contains("\(summary?["written"] ?? -1)"), "\(all)")
    #expect(echo.guest.stop().status == 0)
  }

  @Test func aGuestThatStandsStillIsReportedWithItsLastWords() throws {
    let echo = try Watched("echo", 7)
    let monitor = try echo.process("monitor")
    kill(monitor, SIGSTOP)
    #expect(
      echo.guest.launcher.waitFor("ixlaunch: \(echo.name) said: ix: listening", seconds: 10))
    kill(monitor, SIGCONT)
    #expect(echo.guest.launcher.waitFor("\(echo.name) answers again", seconds: 10))
    #expect(echo.guest.stop().status == 0)
  }

  @Test func theSocketAnswersCurlAndEndsTheGuest() throws {
    let echo = try Watched("echo", 7)
    // Its record names the image; its folder is beside the others.
    let place = ProcessInfo.processInfo.environment["IX_RUN_DIRECTORY"]
    let folder = place ?? (geteuid() == 0 ? "/run/ix" : "")
    func curl(_ path: String, _ options: [String] = []) throws -> String {
      let socket = "\(folder)/\(echo.name)/socket"
      return try shell(
        ["curl", "-s", "-m", "10", "--unix-socket", socket] + options + [
          "http://ix\(path)"
        ]
      ).output
    }
    #expect(try curl("/").contains("\"name\":\"\(echo.name)\""))
    #expect(try curl("/stats").contains("\"batch_bound\":64"))
    #expect(try curl("/batch?value=16", ["-X", "POST"]).contains("done"))
    #expect(try echo.numbers()["batch_bound"] == 16)
    #expect(try curl("/batch?value=5000", ["-X", "POST"]).contains("badArgument"))
    #expect(try curl("/metrics").contains("ix_up{dataplane=\"\(echo.name)\"} 1"))
    #expect(try curl("/logs?lines=1").hasPrefix("ix: listening on port 7"))
    #expect(try curl("/nothing").contains("error"))
    #expect(try curl("/stop", ["-X", "POST"]).contains("done"))
    let end = echo.guest.launcher.finish()
    #expect(end.status == 0)
    #expect(end.output.contains("ix: stopped by the control plane"))
  }

  @Test func gdbAttachesWithSymbols() throws {
    let debugger = freePort()
    let echo = try Watched("echo", 7, ["--gdb", "\(debugger)"])
    let session = try shell([
      "gdb", "-batch", "-nx", "-ex", "set architecture i386:x86-64",
      "-ex", "file \(product("images/echo.elf"))", "-ex", "target remote 127.0.0.1:\(debugger)",
      "-ex", "hbreak ix_trap", "-ex", "continue", "-ex", "backtrace 3", "-ex", "delete",
      "-ex", "detach",
    ])
    #expect(session.output.contains("ix_trap"), "\(session.output)")
    #expect(session.output.contains("Breakpoint 1, "), "\(session.output)")
    let reply = try shell(
      ["bash", "-c", "echo go on | timeout 10 nc -N 127.0.0.1 \(echo.port)"])
    #expect(reply.output == "go on\n")
    #expect(echo.guest.stop().status == 0)
  }

  /// Two dataplanes and a background job under `ixlaunch control`; none of them needs another, and
  /// none the control plane.
  @Test func coresAreDividedAndNobodysEndHarmsOthers() throws {
    let first = try Watched("http", 80)
    let second = try Watched("kv", 11211)
    let job = try BeatingJob()
    defer { job.end() }
    let configuration = FileManager.default.temporaryDirectory
      .appendingPathComponent("\(first.name).yaml").path
    defer { try? FileManager.default.removeItem(atPath: configuration) }
    let text = """
      dataplanes:
        \(first.name): {policy: energy, cores: 1, weight: 2}
        \(second.name): {policy: fixed, cores: 1}
      background: {command: "\(job.command)"}
      loop: {tick: 50}
      """
    try Data(text.utf8).write(to: URL(fileURLWithPath: configuration))
    let command = [product("release/ixlaunch"), "control", configuration]
    let control = try Running(command)
    #expect(control.waitFor("\(first.name) on ", seconds: 10))
    let core = try cores(of: first.process("monitor"))
    #expect(core.split(separator: ",").count == 1 && !core.contains("-"), "\(core)")
    #expect(job.beats())
    let worker = try #require(job.process)
    kill(control.identifier, SIGKILL)
    control.finish()
    let page = ["curl", "-sf", "-m", "20", "-o", "/dev/null", "http://127.0.0.1:\(first.port)/"]
    #expect(try shell(page).status == 0)
    #expect(try Self.storeAnswers(second))
    #expect(job.beats())
    let wide = try first.launch(
      "scale", first.name, "\(ProcessInfo.processInfo.activeProcessorCount)")
    #expect(wide.status == 0, "\(wide.output)")
    #expect(try cores(of: first.process("monitor")) != core)
    #expect(try first.launch("scale", first.name, "0").status == 2)
    let again = try Running(command)
    #expect(again.waitFor("\(second.name) on ", seconds: 10))
    kill(try second.process("monitor"), SIGKILL)
    second.guest.launcher.finish()
    #expect(again.waitFor("s: \(first.name) on ", seconds: 10))
    #expect(try shell(page).status == 0)
    #expect(job.process == worker)
    #expect(job.beats())
    again.interrupt()
    #expect(again.finish().status == 0)
    #expect(try shell(page).status == 0)
    #expect(first.guest.stop().status == 0)
  }

  private static func storeAnswers(_ store: Watched) throws -> Bool {
    let script = "printf 'version\\r\\n' | timeout 10 nc -N 127.0.0.1 \(store.port)"
    return try shell(["bash", "-c", script]).output.hasPrefix("VERSION")
  }

  /// A background job that says that it lives.
  private struct BeatingJob {
    private let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("beat-\(UInt32.random(in: 0...999_999))").path
    private let record: String

    init() throws {
      let place = ProcessInfo.processInfo.environment["IX_RUN_DIRECTORY"]
      record = "\(place ?? (geteuid() == 0 ? "/run/ix" : ""))/background.json"
      end()
    }

    var command: String { "while :; do date +%s%N > \(file); sleep 0.05; done" }

    /// Whether it goes on: a beat that was not there before, within five seconds.
    func beats() -> Bool {
      let before = try? String(contentsOfFile: file, encoding: .utf8)
      for _ in 0..<100 {
        usleep(50_000)
        let now = try? String(contentsOfFile: file, encoding: .utf8)
        if let now, !now.isEmpty, now != before { return true }
      }
      return false
    }

    /// As the control plane remembers it.
    var process: Int32? {
      guard let data = FileManager.default.contents(atPath: record),
        let identity = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
      else { return nil }
      return identity["identifier"] as? Int32
    }

    /// The control plane leaves it running.
    func end() {
      if let process, (try? shell(["pgrep", "-f", file]).status) == 0 { kill(process, SIGKILL) }
      try? FileManager.default.removeItem(atPath: record)
      try? FileManager.default.removeItem(atPath: file)
    }
  }

  private func cores(of process: Int32) throws -> String {
    let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
    return String(line?.split(separator: "\t").last ?? "")
  }
}
