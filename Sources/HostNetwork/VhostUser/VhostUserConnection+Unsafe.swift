import CLinux
import Glibc

/// A vhost-user front end's connection to its back end.
@safe
final class VhostUserConnection {
  /// Longer than this no honest back end takes for an answer.
  private static let patienceSeconds: UInt32 = 5

  /// VHOST_USER_PROTOCOL_F_MQ and _REPLY_ACK.
  private static let queuePairs: UInt64 = 1 << 0
  private static let answers: UInt64 = 1 << 3
  /// VHOST_USER_F_PROTOCOL_FEATURES, among the features of the device.
  static let protocolFeatures: UInt64 = 1 << 30

  /// Features of the device that the back end offers, VHOST_USER_F_PROTOCOL_FEATURES included.
  private(set) var offered: UInt64 = 0
  private(set) var queuePairLimit = 1

  private let path: String
  private let socket: Descriptor
  private var hasAnswers = false

  /// Connects, and finds out what the back end can do.
  init(path: String) throws(SystemCallError) {
    self.path = path
    // SAFETY: the path is a terminated string for the duration of the call.
    let connected = unsafe ix_unix_connect(path, Self.patienceSeconds)
    socket = Descriptor(owning: try checked("connect", on: path, connected))
    try send(VhostUserMessage(.setOwner))
    offered = try number(.getFeatures)
    guard offered & Self.protocolFeatures != 0 else { return }
    let agreed = try number(.getProtocolFeatures) & (Self.queuePairs | Self.answers)
    try send(VhostUserMessage(.setProtocolFeatures, agreed))
    if agreed & Self.queuePairs != 0 {
      queuePairLimit = Int(min(try number(.getQueueCount), 128))
    }
    hasAnswers = agreed & Self.answers != 0
  }

  /// The code of the error for something that the back end has said it cannot do.
  static let refusal = EIO

  /// Ends it, for the other side and for whoever watches it.
  func hangUp() { shutdown(socket.rawValue, Int32(SHUT_RDWR)) }

  /// Of the socket, for watching it.
  var descriptor: Int32 { socket.rawValue }

  /// Sends a message to which nothing has to be answered.
  func send(
    _ message: VhostUserMessage, with descriptors: [Descriptor] = []
  ) throws(SystemCallError) {
    try transmit(message, needsAnswer: hasAnswers, descriptors)
    guard hasAnswers else { return }
    let answer = try receiveAnswer(to: message)
    guard answer.allSatisfy({ $0 == 0 }) else { throw violation(message, Self.refusal) }
  }

  /// The eight bytes that the back end has to answer with.
  func number(_ request: VhostUserMessage.Request) throws(SystemCallError) -> UInt64 {
    try number(VhostUserMessage(request))
  }

  func number(_ message: VhostUserMessage) throws(SystemCallError) -> UInt64 {
    try transmit(message, needsAnswer: false, [])
    let answer = try receiveAnswer(to: message)
    guard answer.count == 8 else { throw violation(message, EPROTO) }
    return answer.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private func transmit(
    _ message: VhostUserMessage, needsAnswer: Bool, _ descriptors: [Descriptor]
  ) throws(SystemCallError) {
    let bytes = message.bytes(needsAnswer: needsAnswer)
    let numbers = descriptors.map(\.rawValue)
    // SAFETY: both arrays live across the call, which reads them; their owners keep the descriptors.
    let result = unsafe ix_unix_send(socket.rawValue, bytes, bytes.count, numbers, numbers.count)
    try checked("vhost-user \(message.request)", on: path, result)
  }

  private func receiveAnswer(to message: VhostUserMessage) throws(SystemCallError) -> [UInt8] {
    let header = try receive(VhostUserMessage.headerByteCount, message)
    guard let count = message.answerByteCount(header) else { throw violation(message, EPROTO) }
    return try receive(count, message)
  }

  private func receive(
    _ count: Int, _ message: VhostUserMessage
  ) throws(SystemCallError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    // SAFETY: the array has as many bytes as are received.
    let result = unsafe ix_unix_receive(socket.rawValue, &bytes, count)
    try checked("vhost-user \(message.request)", on: path, result)
    return bytes
  }

  private func violation(_ message: VhostUserMessage, _ code: Int32) -> SystemCallError {
    SystemCallError("vhost-user \(message.request)", on: path, code: code)
  }
}
