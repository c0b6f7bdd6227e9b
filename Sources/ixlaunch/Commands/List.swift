import ArgumentParser
import ControlPlane
import Foundation

/// `ixlaunch list`: the dataplanes of this user.
struct List: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List dataplanes: those that run, and those that have ended and left their console.")

  @Flag(help: "Print one JSON array.")
  var json = false

  private struct Entry: Encodable {
    let state: DataplaneRecord.State
    let record: DataplaneRecord
  }

  func run() throws {
    let records = RunDirectory().records()
    if json {
      return print(try encodedAsJSON(records.map { Entry(state: $0.state, record: $0) }))
    }
    guard !records.isEmpty else { return print("no dataplane runs") }
    let rows = records.map { record in
      let status = record.exitStatus.map { " (status \($0))" } ?? ""
      return [
        record.name, "\(record.state)\(status)", "\(record.monitor.identifier)",
        "\(record.cores)", record.memory, record.monitorKind, record.answer,
      ]
    }
    print(table(["name", "state", "process", "cores", "memory", "run by", "answers"], rows))
  }
}

/// Columns as wide as their widest cell.
func table(_ titles: [String], _ rows: [[String]]) -> String {
  let all = [titles] + rows
  let widths = titles.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
  return all.map { row in
    let cells = row.enumerated().map { column, cell in
      column == row.count - 1 ? cell : ImageReport.padded(cell, to: widths[column] + 2)
    }
    return cells.joined()
  }.joined(separator: "\n")
}
