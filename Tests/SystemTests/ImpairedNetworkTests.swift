import Foundation
import Testing

/// A network between the host's TCP and an image that loses, repeats and reorders frames both ways.
struct ImpairedNetwork {
  let namespace: Namespace
  let wire: Running

  /// The guest's tap leads to the host's by way of `impair.py`.
  init(_ conditions: [String]) throws {
    namespace = try Namespace()
    let script = packageRoot.appendingPathComponent("Tests/SystemTests/impair.py").path
    wire = try Running(namespace.inside(["python3", script, "tap0", "tap1"] + conditions))
    guard wire.waitFor("impair: ready") else { throw wire.failure }
    for command in [
      ["ip", "addr", "del", "\(Namespace.hostAddress)/24", "dev", "tap0"],
      ["ip", "addr", "add", "\(Namespace.hostAddress)/24", "dev", "tap1"],
      ["ip", "link", "set", "tap1", "up"],
    ] {
      let finished = try namespace.run(command)
      guard finished.status == 0 else { throw CommandFailed(command: command, finished: finished) }
    }
  }

  /// How many frames met which fate.
  func end() -> [Substring: Int] {
    wire.interrupt()
    let words = wire.finish().output.split { $0 == " " || $0 == "\n" }
    let pairs = zip(words, words.dropFirst()).compactMap { name, value in
      Int(value).map { (name, $0) }
    }
    return Dictionary(pairs) { $1 }
  }
}

extension Running {
  fileprivate var failure: CommandFailed {
    CommandFailed(command: ["impair.py"], finished: finish(within: 1))
  }
}

@Suite(.serialized, .enabled(if: Namespace.isAvailable)) struct ImpairedNetworkTests {
  @Test(arguments: [
    (16 << 10, 40, 2000), (128 << 10, 8, 200), (1 << 20, 2, 16),
  ])
  func everyByteArrivesInSpiteOfTheNetwork(byteCount: Int, connections: Int, messages: Int) throws {
    let network = try ImpairedNetwork([
      "--loss", "0.01", "--duplication", "0.005", "--reordering", "0.02", "--delay", "0.2",
      "--seed", "\(byteCount)",
    ])
    let guest = try Guest("echo", Guest.onTap, in: network.namespace)
    #expect(guest.waitUntilListening())
    let load = try network.namespace.run(
      EchoTests.load([
        "--address", Namespace.guestAddress, "--connections", "\(connections)",
        "--messages", "\(messages)", "--minimum-size", "\(byteCount / 2)",
        "--maximum-size", "\(byteCount)",
      ]), seconds: 120)
    #expect(load.status == 0, "\(load.output)")
    let fates = network.end()
    for fate in ["lost", "repeated", "reordered"] {
      #expect(fates[fate[...], default: 0] > 0, "\(fates)")
    }
    let end = guest.stop()
    #expect(end.status == 0, "\(end.output)")
    #expect(!end.output.contains("fault"))
    print("impaired network: \(byteCount) bytes: \(load.output)\(fates)")
  }
}
