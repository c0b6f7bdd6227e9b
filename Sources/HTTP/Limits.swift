/// What one client may ask of the server. Beyond a limit the request is refused and the connection
/// closed; nothing grows without a limit.
package struct Limits: BitwiseCopyable, Sendable {
  /// Bytes of a request line without its line end; beyond, 414. RFC 9112, section 3, wants 8000.
  package var requestLineByteCount = 8000
  /// Bytes of all header lines with their line ends; beyond, 431. Also for trailers.
  package var fieldsByteCount = 8192
  /// Bytes of a request's body, which is read and discarded; beyond, 413.
  package var bodyByteCount = 65536

  package init() {}
}
