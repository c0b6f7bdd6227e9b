import Foundation
import IXABI
import Image

/// What a dataplane's socket answers: JSON, but for the console and the metrics.
///
///     GET /           what it is          GET /stats     its numbers
///     GET /metrics    for Prometheus      GET /logs      its console (?lines=N)
///     POST /stop      ends it             POST /print    numbers on the console
///     POST /batch?value=B                 POST /spin?value=MICROSECONDS
package struct DataplaneInterface {
  private let name: String
  private let directory: RunDirectory

  package init(_ name: String, in directory: RunDirectory) {
    self.name = name
    self.directory = directory
  }

  package func respond(to request: HTTPService.Request) -> HTTPService.Response {
    do {
      switch (request.method, request.path) {
      case ("GET", "/"): return try information()
      case ("GET", "/stats"):
        return .json(DataplaneReport(name, try dataplane().page.snapshots() ?? []))
      case ("GET", "/metrics"):
        var metrics = PrometheusText()
        metrics.add(name, (try? dataplane().page.snapshots()) ?? [])
        return HTTPService.Response(200, metrics.text, contentType: PrometheusText.contentType)
      case ("GET", "/logs"):
        let lines = Console.lines(
          in: directory.folder(of: name), last: request.query["lines"].flatMap { Int($0) })
        return HTTPService.Response(200, lines.map { "\($0)\n" }.joined())
      case ("POST", "/stop"):
        try dataplane().require(.stop)
      case ("POST", "/print"):
        try dataplane().require(.print)
      case ("POST", "/batch"):
        try dataplane().requireOnAllCores(.setBatch, [try value(of: request)])
      case ("POST", "/spin"):
        try dataplane().requireOnAllCores(.setSpin, [try value(of: request)])
      case (_, "/"), (_, "/stats"), (_, "/metrics"), (_, "/logs"), (_, "/stop"), (_, "/print"),
        (_, "/batch"), (_, "/spin"):
        return .failure(405, "\(request.path) does not take \(request.method)")
      default: return .failure(404, "there is nothing at \(request.path)")
      }
      return .json(["status": "done"])
    } catch let error as ControlError {
      return .failure(409, error.description)
    } catch {
      return .failure(503, error.localizedDescription)
    }
  }

  private func dataplane() throws -> Dataplane { try Dataplane(name, in: directory) }

  private func information() throws -> HTTPService.Response {
    guard let record = DataplaneRecord(in: directory.folder(of: name)) else {
      throw ControlError(name, "its record is gone")
    }
    return .json(record)
  }

  private func value(of request: HTTPService.Request) throws -> UInt64 {
    guard let text = request.query["value"], let value = UInt64(text) else {
      throw ControlError(request.path, "it takes a number", remedy: "add ?value=NUMBER")
    }
    return value
  }
}

extension PrometheusText {
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"
}

/// A dataplane's console, as its launcher keeps it.
package enum Console {
  /// The last `count` lines, or all of them.
  package static func lines(in folder: String, last count: Int? = nil) -> [String] {
    let data = FileManager.default.contents(atPath: "\(folder)/console.log") ?? Data()
    let lines = String(decoding: data, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false
    ).dropLast().map { String($0) }
    return count.map { lines.suffix(max(0, $0)) } ?? lines
  }
}
