import IXABI

/// Metrics of dataplanes in Prometheus' text format, version 0.0.4. Counters end in `_total`, times
/// are seconds.
package struct PrometheusText {
  private var samples: [(name: String, kind: String, lines: [String])] = []
  private var places: [String: Int] = [:]

  package init() {}

  /// The text to be sent.
  package var text: String {
    samples.map { "# TYPE \($0.name) \($0.kind)\n" + $0.lines.joined() }.joined()
  }

  /// Adds a dataplane; one without cores does not answer.
  package mutating func add(_ name: String, _ cores: [CoreSnapshot]) {
    let label = "dataplane=\"\(Self.escaped(name))\""
    add("ix_up", "gauge", label, cores.isEmpty ? "0" : "1")
    for core in cores { add(core, "\(label),core=\"\(core.index)\"") }
  }

  private mutating func add(_ core: CoreSnapshot, _ label: String) {
    add("ix_core_state", "gauge", "\(label),state=\"\(core.state)\"", "1")
    for (name, value) in zip(Names.gauges, core.gauges) {
      if name == "queue_depth" {
        add("ix_queue_depth_frames", "gauge", label, "\(core.queueDepth)")
      } else if let base = Self.base(of: name) {
        add("ix_\(base)_seconds", "gauge", label, Self.seconds(value))
      } else {
        add("ix_\(name)", "gauge", label, "\(value)")
      }
    }
    for (name, value) in zip(Names.counters, core.counters)
    where !name.hasPrefix("migration_pause") {
      if let base = Self.base(of: name) {
        add("ix_\(base)_seconds_total", "counter", label, Self.seconds(value))
      } else {
        add("ix_\(name)_total", "counter", label, "\(value)")
      }
    }
    for (name, value) in zip(Names.drops, core.drops) {
      guard let name else { continue }
      add("ix_drops_total", "counter", "\(label),reason=\"\(name)\"", "\(value)")
    }
    add("ix_captured_frames_total", "counter", label, "\(core.captured)")
    add("ix_capture_dropped_frames_total", "counter", label, "\(core.captureDropped)")
    add("ix_flow_groups", "gauge", label, "\(core.flowGroups.count)")
    addBatches(core, label)
    addPauses(core, label)
  }

  /// How long connections stood still on their way to this core.
  private mutating func addPauses(_ core: CoreSnapshot, _ label: String) {
    let name = "ix_migration_pause_seconds"
    var sum: UInt64 = 0
    for (index, count) in core.migrationPauses.enumerated() {
      sum += count
      let bound = index < 9 ? "\(Double(32 << index) / 1e6)" : "+Inf"
      add(name, "histogram", "\(label),le=\"\(bound)\"", "\(sum)", suffix: "_bucket")
    }
    let seconds = Self.seconds(core[.migrationPauseNanoseconds])
    add(name, "histogram", label, seconds, suffix: "_sum")
    add(name, "histogram", label, "\(sum)", suffix: "_count")
  }

  /// The sizes of batches as a histogram: buckets are cumulative.
  private mutating func addBatches(_ core: CoreSnapshot, _ label: String) {
    let name = "ix_batch_frames"
    var sum: UInt64 = 0
    for (index, count) in core.batches.prefix(11).enumerated() {
      sum += count
      add(name, "histogram", "\(label),le=\"\(1 << index)\"", "\(sum)", suffix: "_bucket")
    }
    add(name, "histogram", "\(label),le=\"+Inf\"", "\(sum)", suffix: "_bucket")
    add(name, "histogram", label, "\(core[.frames])", suffix: "_sum")
    add(name, "histogram", label, "\(sum)", suffix: "_count")
  }

  private mutating func add(
    _ name: String, _ kind: String, _ label: String, _ value: String, suffix: String = ""
  ) {
    let place =
      places[name]
      ?? {
        samples.append((name, kind, []))
        places[name] = samples.count - 1
        return samples.count - 1
      }()
    samples[place].lines.append("\(name)\(suffix){\(label)} \(value)\n")
  }

  private static func base(of name: String) -> Substring? {
    name.hasSuffix("_nanoseconds") ? name.dropLast("_nanoseconds".count) : nil
  }

  private static func seconds(_ nanoseconds: UInt64) -> String { "\(Double(nanoseconds) / 1e9)" }

  private static func escaped(_ text: String) -> String {
    String(text.flatMap { "\\\"".contains($0) ? ["\\", $0] : [$0] })
  }
}
