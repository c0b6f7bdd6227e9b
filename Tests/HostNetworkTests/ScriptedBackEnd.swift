import Foundation
import Glibc

/// A vhost-user back end that writes down what it is told and answers from a table.
final class ScriptedBackEnd: @unchecked Sendable {
  struct Message: Equatable, Sendable {
    let request: UInt32
    let payload: [UInt8]
    let descriptorCount: Int
  }

  /// What it does instead of an honest answer to a request.
  enum Mischief: Sendable {
    case close
    case answer([UInt8])
  }

  let path: String
  private let listener: Int32
  private let lock = NSCondition()
  private var messages: [Message] = []
  private var connection: Int32 = -1
  private var received: [UInt32: [Int32]] = [:]
  private let offered: UInt64
  private var mischief: [UInt32: Mischief]

  /// VERSION_1, INDIRECT_DESC, checksums and the protocol features of its own.
  static let usual: UInt64 = 1 << 32 | 1 << 30 | 1 << 28 | 0b11

  init(offered: UInt64 = usual, mischief: [UInt32: Mischief] = [:]) {
    path = NSTemporaryDirectory() + "ix-\(UUID().uuidString.prefix(8))"
    self.offered = offered
    self.mischief = mischief
    listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    precondition(bound == 0 && listen(listener, 4) == 0)
    Thread { [self] in
      while serveOne() {}
      // Not before: the number would be another's by then.
      close(listener)
    }.start()
  }

  /// Ends it and frees its place.
  func end() {
    hangUp()
    shutdown(listener, Int32(SHUT_RDWR))
    unlink(path)
  }

  func hangUp() {
    lock.lock()
    if connection >= 0 { shutdown(connection, Int32(SHUT_RDWR)) }
    lock.unlock()
  }

  /// What has come so far, once it is at least `count` messages; at most five seconds later.
  func log(atLeast count: Int) -> [Message] {
    let deadline = Date(timeIntervalSinceNow: 5)
    lock.lock()
    defer { lock.unlock() }
    while messages.count < count, lock.wait(until: deadline) {}
    return messages
  }

  func forget() {
    lock.lock()
    messages = []
    lock.unlock()
  }

  /// Answers honestly from now on.
  func behave() {
    lock.lock()
    mischief = [:]
    lock.unlock()
  }

  private func mischief(at request: UInt32) -> Mischief? {
    lock.lock()
    defer { lock.unlock() }
    return mischief[request]
  }

  /// The last descriptor that came with a request.
  func descriptor(of request: UInt32) -> Int32? {
    lock.lock()
    defer { lock.unlock() }
    return received[request]?.last
  }

  private func serveOne() -> Bool {
    let accepted = accept(listener, nil, nil)
    guard accepted >= 0 else { return false }
    lock.lock()
    connection = accepted
    lock.unlock()
    while let (message, needsAnswer) = receive(accepted) {
      if case .close? = mischief(at: message.request) { break }
      if let answer = answer(to: message, needsAnswer) {
        var bytes = answer
        write(accepted, &bytes, bytes.count)
      }
      lock.lock()
      messages.append(message)
      lock.broadcast()
      lock.unlock()
    }
    lock.lock()
    connection = -1
    lock.unlock()
    close(accepted)
    return true
  }

  private func receive(_ socket: Int32) -> (Message, needsAnswer: Bool)? {
    var header = [UInt8](repeating: 0, count: 12)
    var control = [UInt64](repeating: 0, count: 16)
    let count = header.withUnsafeMutableBytes { bytes in
      control.withUnsafeMutableBytes { space in
        var part = iovec(iov_base: bytes.baseAddress, iov_len: 12)
        return withUnsafeMutablePointer(to: &part) { part in
          var message = msghdr()
          message.msg_iov = part
          message.msg_iovlen = 1
          message.msg_control = space.baseAddress
          message.msg_controllen = space.count
          let count = recvmsg(socket, &message, Int32(MSG_WAITALL))
          if message.msg_controllen == 0 { space.storeBytes(of: 16, as: Int.self) }
          return count
        }
      }
    }
    guard count == 12 else { return nil }
    func word(_ index: Int) -> UInt32 {
      header.withUnsafeBytes { $0.load(fromByteOffset: index, as: UInt32.self) }
    }
    var payload = [UInt8](repeating: 0, count: Int(word(8)))
    guard payload.isEmpty || recv(socket, &payload, payload.count, Int32(MSG_WAITALL)) > 0
    else { return nil }
    // cmsghdr: length, level and type, then the descriptors.
    let descriptors = control.withUnsafeBytes { space -> [Int32] in
      let end = max(16, space.load(as: Int.self))
      return stride(from: 16, to: end, by: 4).map { space.load(fromByteOffset: $0, as: Int32.self) }
    }
    lock.lock()
    received[word(0), default: []] += descriptors
    lock.unlock()
    let message = Message(
      request: word(0), payload: payload, descriptorCount: descriptors.count)
    return (message, word(4) & 8 != 0)
  }

  private func answer(to message: Message, _ needsAnswer: Bool) -> [UInt8]? {
    if case .answer(let bytes)? = mischief(at: message.request) { return bytes }
    switch message.request {
    case 1: return Self.answer(1, offered)
    case 15: return Self.answer(15, 1 << 0 | 1 << 3)
    case 17: return Self.answer(17, 4)
    case 11: return Self.answer(11, UInt64(message.payload[0]) | 7 << 32)
    default: return needsAnswer ? Self.answer(message.request, 0) : nil
    }
  }

  /// Header and eight bytes.
  static func answer(_ request: UInt32, _ value: UInt64) -> [UInt8] {
    bytes(request) + bytes(UInt32(5)) + bytes(UInt32(8)) + bytes(value)
  }

  static func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
