import Yams

/// One mapping of a manifest or configuration: looks up values by key and names the line when one is wrong.
package struct ManifestReader {
  private let file: String
  private let entries: [(key: String, line: Int?, value: Node)]

  /// The mapping that is the whole text; `file` is used in errors only.
  package init(parsing text: String, file: String, keys: [String]) throws(ManifestError) {
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch {
      throw Self.explain(error, of: text, in: file)
    }
    guard case .mapping(let mapping)? = root else {
      throw ManifestError(file, line: 1, "this is not a list of `key: value` lines")
    }
    try self.init(mapping, file: file, keys: keys, within: "")
  }

  private init(
    _ mapping: Node.Mapping, file: String, keys: [String], within outer: String
  ) throws(ManifestError) {
    var entries: [(key: String, line: Int?, value: Node)] = []
    for (key, value) in mapping {
      let name = key.scalar?.string ?? "?"
      guard keys.contains(name) else {
        throw ManifestError(
          file, line: key.mark?.line, "unknown key `\(outer)\(name)`",
          remedy: "known keys are \(keys.joined(separator: ", "))")
      }
      entries.append((name, key.mark?.line, value))
    }
    self.file = file
    self.entries = entries
  }

  package func has(_ key: String) -> Bool { entry(key) != nil }

  package func line(_ key: String) -> Int? { entry(key)?.line }

  /// The value of `key` as read by `read`; `expected` says what that accepts.
  package func scalar<Value>(
    _ key: String, default fallback: String? = nil, as expected: String, _ read: (String) -> Value?
  ) throws(ManifestError) -> Value {
    guard let entry = entry(key) else {
      guard let fallback, let value = read(fallback) else {
        throw ManifestError(file, "key `\(key)` is missing", remedy: "add it: \(expected)")
      }
      return value
    }
    return try scalar(entry.value, of: entry.key, line: entry.line, as: expected, read)
  }

  /// The values of `key`, which may be one scalar or a sequence of scalars; none if it is absent.
  package func list<Value: Hashable>(
    _ key: String, as expected: String, _ read: (String) -> Value?
  ) throws(ManifestError) -> [Value] {
    guard let entry = entry(key) else { return [] }
    let nodes = entry.value.sequence.map { Array($0) } ?? [entry.value]
    var values: [Value] = []
    for node in nodes {
      let value = try scalar(node, of: key, line: entry.line, as: expected, read)
      guard !values.contains(value) else {
        throw ManifestError(
          file, line: node.mark?.line ?? entry.line, "`\(key)` lists \(value) twice")
      }
      values.append(value)
    }
    return values
  }

  /// The mapping under `key`, empty if it is absent.
  package func mapping(_ key: String, keys: [String]) throws(ManifestError) -> ManifestReader {
    guard let entry = entry(key) else {
      return try ManifestReader(Node.Mapping([]), file: file, keys: keys, within: "\(key).")
    }
    guard case .mapping(let mapping) = entry.value else {
      throw ManifestError(
        file, line: entry.line, "`\(key)` has a value of its own",
        remedy: "give it the keys \(keys.joined(separator: ", "))")
    }
    return try ManifestReader(mapping, file: file, keys: keys, within: "\(key).")
  }

  /// The mappings under `key`, by names that are free; none if it is absent.
  package func mappings(_ key: String, keys: [String]) throws(ManifestError) -> [(
    name: String, reader: ManifestReader
  )] {
    guard let entry = entry(key) else { return [] }
    guard case .mapping(let outer) = entry.value else {
      throw ManifestError(file, line: entry.line, "`\(key)` is not a list of names")
    }
    var readers: [(name: String, reader: ManifestReader)] = []
    for (name, value) in outer {
      let text = name.scalar?.string ?? "?"
      guard case .mapping(let inner) = value else {
        throw ManifestError(
          file, line: name.mark?.line, "`\(text)` has no keys",
          remedy: "give it the keys \(keys.joined(separator: ", "))")
      }
      readers.append(
        (text, try ManifestReader(inner, file: file, keys: keys, within: "\(key).\(text).")))
    }
    return readers
  }

  private func entry(_ key: String) -> (key: String, line: Int?, value: Node)? {
    entries.first { $0.key == key }
  }

  private func scalar<Value>(
    _ node: Node, of key: String, line: Int?, as expected: String, _ read: (String) -> Value?
  ) throws(ManifestError) -> Value {
    guard let text = node.scalar?.string, let value = read(text) else {
      let found = node.scalar.map { "\"\($0.string)\"" } ?? "a list"
      throw ManifestError(
        file, line: node.mark?.line ?? line, "`\(key)` is \(found)", remedy: "give \(expected)")
    }
    return value
  }

  private static func explain(
    _ error: any Error, of text: String, in file: String
  ) -> ManifestError {
    switch error as? YamlError {
    case .duplicatedKeysInMapping(let duplicates, let context):
      let key = duplicates.sorted().first ?? "?"
      let line = secondLine(startingWith: key, in: text) ?? context.mark.line
      return ManifestError(file, line: line, "key `\(key)` appears twice", remedy: "keep one")
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return ManifestError(file, line: mark.line, problem)
    default:
      return ManifestError(file, "this is not YAML text")
    }
  }

  /// Yams reports where the mapping starts; the repeated key is more use.
  private static func secondLine(startingWith key: String, in text: String) -> Int? {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let matches = lines.indices.filter { index in
      let line = lines[index].drop { $0 == " " }
      return line.hasPrefix("\(key):") || line.hasPrefix("\"\(key)\":")
    }
    return matches.dropFirst().first.map { $0 + 1 }
  }
}
