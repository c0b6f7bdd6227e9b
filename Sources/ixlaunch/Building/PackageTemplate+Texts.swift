import Foundation

extension PackageTemplate {
  /// A path as the contents of a Swift string literal.
  private static func escaped(_ path: String) -> String {
    path.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
  }

  var package: String {
    """
    // swift-tools-version:6.2
    import PackageDescription

    /// The checkout of IX.
    let ix = "\(Self.escaped(checkout.root.path))"

    let package = Package(
      name: "\(name)",
      dependencies: [.package(name: "ix", path: ix)],
      targets: [
        .executableTarget(name: "\(name)", dependencies: [.product(name: "IX", package: "ix")]),
        .testTarget(name: "\(name)Tests", dependencies: ["\(name)"]),
      ])

    """
  }

  var application: String {
    """
    /// The upper case of an ASCII letter; any other byte as it is. A plain function: its test needs no
    /// image.
    func uppercase(_ byte: UInt8) -> UInt8 {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) ? byte - 32 : byte
    }

    #if hasFeature(Embedded)
      import IX

      /// Sends every line back in upper case.
      @main
      struct Server: Service {
        static func main() {
          do throws(IXError) {
            try listen(on: 7000)
          } catch {
            print("\(name): port 7000 cannot be listened on")
            exit(status: 1)
          }
          run(Server())
        }

        mutating func received(_ bytes: consuming ReceivedBytes, on connection: Connection) {
          let answer = bytes.bytes.withUnsafeBytes { $0.map(uppercase) }
          connection.send(copying: answer.span.bytes)
        }
      }
    #else
      /// On a host there is nothing to serve; tests use the functions above.
      @main struct Host { static func main() {} }
    #endif

    """
  }

  var manifest: String {
    """
    # How `ixlaunch build` makes the image and `ixlaunch run` starts it.
    application: \(name)
    memory: 64M
    cores: 1
    ports: [7000]
    forward: 7000:7000
    network:
      ip: 10.0.2.15/24
      gateway: 10.0.2.2

    """
  }

  var test: String {
    """
    import Testing

    @testable import \(name)

    @Test func lettersBecomeUpperCaseAndNothingElseChanges() {
      #expect("ix, 2: \\n".utf8.map(uppercase) == Array("IX, 2: \\n".utf8))
    }

    """
  }

  var readme: String {
    """
    # \(name)

    A service on IX, with a kernel of its own. `Sources/\(name)/\(name).swift` is all of it.

    ```sh
    ixlaunch run \(name).yaml     # builds what changed, boots it; Ctrl-C ends it
    nc 127.0.0.1 7000
    swift test                  # the plain functions, on this machine
    ```

    `ixlaunch build \(name).yaml` makes the image alone: `.build/images/\(name).elf`, one file that
    boots by PVH. Memory, ports and addresses are in `\(name).yaml`. The checkout of IX it is built
    with is named in `Package.swift`.

    """
  }
}
