import Foundation

/// A small HTTP/1.1 server for a few local clients (RFC 9112): one request a connection, without a
/// body. One thread, no waiting but in `turn`; a client that is slow, silent or too wordy loses its
/// connection.
package final class HTTPService {
  package struct Request: Equatable, Sendable {
    package var method: String
    package var path: String
    package var query: [String: String]
  }

  package struct Response: Equatable, Sendable {
    package var status: Int
    package var contentType: String
    package var body: [UInt8]

    package init(_ status: Int, _ text: String, contentType: String = "text/plain; charset=utf-8") {
      self.status = status
      self.contentType = contentType
      body = Array(text.utf8)
    }

    package static func json(_ value: some Encodable) -> Self {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      let data = (try? encoder.encode(value)) ?? Data()
      return Self(
        200, String(decoding: data, as: UTF8.self) + "\n", contentType: "application/json")
    }

    package static func failure(_ status: Int, _ sentence: String) -> Self {
      var response = json(["error": sentence])
      response.status = status
      return response
    }
  }

  private struct Client {
    let descriptor: Int32
    let deadline: Date
    var request: [UInt8] = []
    var reply: ArraySlice<UInt8> = []
  }

  private static let clientLimit = 32
  private static let requestByteLimit = 8192
  /// A connection may last so long, whatever it does.
  private static let patience: TimeInterval = 5

  private let listener: Int32
  private let respond: (Request) -> Response
  private var clients: [Client] = []

  /// Listens at a path of the file system.
  package init(socketPath: String, respond: @escaping (Request) -> Response) throws {
    guard let listener = LocalSocket.listen(path: socketPath) else {
      throw Self.failure(socketPath)
    }
    self.listener = listener
    self.respond = respond
  }

  /// Listens on a TCP port of an IPv4 address in host byte order.
  package init(
    address: UInt32, port: UInt16, name: String, respond: @escaping (Request) -> Response
  ) throws {
    guard let listener = LocalSocket.listen(address: address, port: port) else {
      throw Self.failure(name)
    }
    self.listener = listener
    self.respond = respond
  }

  deinit {
    close(listener)
    for client in clients { close(client.descriptor) }
  }

  private static func failure(_ name: String) -> ControlError {
    ControlError(
      name, "it cannot be listened on: \(reason(of: errno))", remedy: "choose another")
  }

  /// Serves whoever has something to say, for at most `milliseconds`.
  package func turn(milliseconds: Int32) {
    let polled =
      [(listener, false)] + clients.map { ($0.descriptor, !$0.reply.isEmpty) }
    let isReady = LocalSocket.wait(polled, milliseconds: milliseconds)
    var kept: [Client] = []
    for (index, var client) in clients.enumerated() {
      let isDone = isReady[index + 1] ? serve(&client) : Date() > client.deadline
      if isDone { close(client.descriptor) } else { kept.append(client) }
    }
    clients = kept
    while isReady[0], let descriptor = LocalSocket.accept(listener) {
      guard clients.count < Self.clientLimit else {
        close(descriptor)
        continue
      }
      clients.append(
        Client(descriptor: descriptor, deadline: Date(timeIntervalSinceNow: Self.patience)))
    }
  }

  /// Reads or writes once; true when the client is done with.
  private func serve(_ client: inout Client) -> Bool {
    if client.reply.isEmpty {
      guard let bytes = LocalSocket.read(client.descriptor) else { return false }
      guard !bytes.isEmpty else { return true }
      client.request += bytes
      guard let reply = reply(to: client.request) else { return false }
      client.reply = reply[...]
    }
    guard let count = LocalSocket.write(client.reply, to: client.descriptor) else { return true }
    client.reply = client.reply.dropFirst(count)
    return client.reply.isEmpty
  }

  /// Nil while the request's head is not complete.
  private func reply(to bytes: [UInt8]) -> [UInt8]? {
    guard bytes.count <= Self.requestByteLimit else {
      return Self.encode(.failure(431, "the request is too long"))
    }
    guard Self.hasEnd(bytes) else { return nil }
    guard let request = Self.parse(bytes) else {
      return Self.encode(.failure(400, "this is no HTTP request"))
    }
    return Self.encode(respond(request))
  }

  private static func hasEnd(_ bytes: [UInt8]) -> Bool {
    // The empty line after the head; a bare LF is taken for a line end (RFC 9112, section 2.2).
    var previousWasEnd = false
    for byte in bytes where byte != 13 {
      if byte == 10, previousWasEnd { return true }
      previousWasEnd = byte == 10
    }
    return false
  }

  static func parse(_ bytes: [UInt8]) -> Request? {
    let line = String(decoding: bytes.prefix { $0 != 10 && $0 != 13 }, as: UTF8.self)
    let words = line.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 3, words[2].hasPrefix("HTTP/1."), words[1].hasPrefix("/"),
      let components = URLComponents(string: String(words[1]))
    else { return nil }
    let items = (components.queryItems ?? []).map { ($0.name, $0.value ?? "") }
    return Request(
      method: String(words[0]), path: components.path,
      query: Dictionary(items, uniquingKeysWith: { $1 }))
  }

  private static func encode(_ response: Response) -> [UInt8] {
    let reasons = [
      200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed",
      409: "Conflict", 431: "Request Header Fields Too Large", 503: "Service Unavailable",
    ]
    let head =
      "HTTP/1.1 \(response.status) \(reasons[response.status] ?? "Error")\r\n"
      + "Content-Type: \(response.contentType)\r\nContent-Length: \(response.body.count)\r\n"
      + "Connection: close\r\n\r\n"
    return Array(head.utf8) + response.body
  }
}
