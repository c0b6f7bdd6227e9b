/// Why bytes from outside are not the message they should be. The drop site counts it.
package enum WireError: Error, BitwiseCopyable, Sendable {
  /// The message extends past the bytes there are.
  case truncated
  /// A field has a value the specification does not allow.
  case malformed
  /// The checksum does not match.
  case checksum
  /// Well-formed, but not a version or type this stack speaks.
  case unsupported
}
