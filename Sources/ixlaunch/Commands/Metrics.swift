import ArgumentParser
import ControlPlane
import Foundation
import Image

/// `ixlaunch metrics`: all dataplanes for Prometheus.
struct Metrics: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the metrics of all running dataplanes as Prometheus reads them, or serve them."
  )

  @Option(help: "ADDRESS:PORT to serve them on at /metrics, as 127.0.0.1:9410.")
  var listen: String?

  func run() throws {
    guard let listen else { return print(Self.text(), terminator: "") }
    guard let (address, port) = Self.endpoint(listen) else {
      throw LaunchError(
        .usage, "--listen \(listen)", "it is not ADDRESS:PORT", remedy: "give it as 127.0.0.1:9410")
    }
    let service = try HTTPService(address: address, port: port, name: listen) { request in
      guard request.path == "/metrics" else {
        return .failure(404, "there is nothing at \(request.path); see /metrics")
      }
      guard request.method == "GET" else { return .failure(405, "/metrics takes GET") }
      return HTTPService.Response(200, Self.text(), contentType: PrometheusText.contentType)
    }
    print("ixlaunch: metrics on http://\(listen)/metrics")
    fflush(nil)
    while true { service.turn(milliseconds: 1000) }
  }

  private static func text() -> String {
    var metrics = PrometheusText()
    for record in RunDirectory().records() where record.state.isRunning {
      metrics.add(record.name, (try? Dataplane(record.name).page.snapshots()) ?? [])
    }
    return metrics.text
  }

  private static func endpoint(_ text: String) -> (UInt32, UInt16)? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let address = IPv4(String(parts[0])), let port = UInt16(parts[1])
    else { return nil }
    return (address.rawValue, port)
  }
}
