/// The status codes this server uses (RFC 9110, section 15).
package enum Status: UInt16, Error, CaseIterable {
  case ok = 200
  case partialContent = 206
  case movedPermanently = 301
  case notModified = 304
  case badRequest = 400
  case notFound = 404
  case methodNotAllowed = 405
  case requestTimeout = 408
  case preconditionFailed = 412
  case contentTooLarge = 413
  case uriTooLong = 414
  case rangeNotSatisfiable = 416
  case expectationFailed = 417
  case headerFieldsTooLarge = 431
  case notImplemented = 501
  case versionNotSupported = 505

  /// Code and reason, as in a status line and in the body of an error.
  var text: StaticString {
    switch self {
    case .ok: "200 OK"
    case .partialContent: "206 Partial Content"
    case .movedPermanently: "301 Moved Permanently"
    case .notModified: "304 Not Modified"
    case .badRequest: "400 Bad Request"
    case .notFound: "404 Not Found"
    case .methodNotAllowed: "405 Method Not Allowed"
    case .requestTimeout: "408 Request Timeout"
    case .preconditionFailed: "412 Precondition Failed"
    case .contentTooLarge: "413 Content Too Large"
    case .uriTooLong: "414 URI Too Long"
    case .rangeNotSatisfiable: "416 Range Not Satisfiable"
    case .expectationFailed: "417 Expectation Failed"
    case .headerFieldsTooLarge: "431 Request Header Fields Too Large"
    case .notImplemented: "501 Not Implemented"
    case .versionNotSupported: "505 HTTP Version Not Supported"
    }
  }

  /// A dense number, the counter of this status.
  var ordinal: Int {
    switch self {
    case .ok: 0
    case .partialContent: 1
    case .movedPermanently: 2
    case .notModified: 3
    case .badRequest: 4
    case .notFound: 5
    case .methodNotAllowed: 6
    case .preconditionFailed: 7
    case .contentTooLarge: 8
    case .uriTooLong: 9
    case .rangeNotSatisfiable: 10
    case .expectationFailed: 11
    case .headerFieldsTooLarge: 12
    case .notImplemented: 13
    case .versionNotSupported: 14
    case .requestTimeout: 15
    }
  }
}
