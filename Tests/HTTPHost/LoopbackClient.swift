import Glibc

@testable import HTTP

/// One connection of a `LoopbackServer`: a socket in front of a `Session`.
final class LoopbackClient {
  private enum Piece {
    case copied([UInt8])
    case content(Range<Int>)

    var byteCount: Int {
      switch self {
      case .copied(let bytes): bytes.count
      case .content(let range): range.count
      }
    }
  }

  private struct Output: ReplyOutput {
    var pieces: [Piece] = []
    var byteCount = 0

    var hasRoom: Bool { byteCount < 256 << 10 }

    mutating func send(copying bytes: RawSpan) {
      var copy: [UInt8] = []
      copy.append(bytes)
      pieces.append(.copied(copy))
      byteCount += copy.count
    }

    mutating func send(content range: Range<Int>) {
      pieces.append(.content(range))
      byteCount += range.count
    }
  }

  private let descriptor: Int32
  private var session = Session()
  private var output = Output()
  /// Bytes of the first piece that are gone.
  private var sentOfFirst = 0
  /// Received bytes whose requests wait for room.
  private var held: [UInt8] = []
  private var takenOfHeld = 0
  private var hasPeerClosed = false
  private var isBroken = false

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  var interest: pollfd {
    let events =
      (held.isEmpty && !hasPeerClosed ? POLLIN : 0) | (output.pieces.isEmpty ? 0 : POLLOUT)
    return pollfd(fd: descriptor, events: Int16(events), revents: 0)
  }

  var isFinished: Bool {
    isBroken || output.pieces.isEmpty && (session.isClosed || hasPeerClosed && held.isEmpty)
  }

  /// Requests wait and there is room for their replies.
  var canGoOn: Bool { !isBroken && !held.isEmpty && output.hasRoom }

  func receive() {
    guard held.isEmpty, !hasPeerClosed else { return }
    held = Array(unsafeUninitializedCapacity: 65536) { buffer, count in
      let result = read(descriptor, buffer.baseAddress, buffer.count)
      count = max(result, 0)
      hasPeerClosed = result == 0
      isBroken = result < 0 && errno != EAGAIN
    }
  }

  func answer(_ archive: [UInt8], _ server: inout Server) {
    guard !held.isEmpty else { return }
    takenOfHeld = session.receive(
      held.rawSpan, from: takenOfHeld, server: &server,
      site: SiteArchive(accepted: archive.rawSpan), output: &output)
    if takenOfHeld == held.count { (held, takenOfHeld) = ([], 0) }
  }

  func flush(_ archive: [UInt8]) {
    var done = 0
    while done < output.pieces.count {
      let piece = output.pieces[done]
      let sent =
        switch piece {
        case .copied(let bytes): push(bytes, sentOfFirst..<bytes.count)
        case .content(let range): push(archive, range.lowerBound + sentOfFirst..<range.upperBound)
        }
      guard sent >= 0 else {
        isBroken = errno != EAGAIN
        break
      }
      output.byteCount -= sent
      sentOfFirst += sent
      guard sentOfFirst == piece.byteCount else { break }
      sentOfFirst = 0
      done += 1
    }
    output.pieces.removeFirst(done)
  }

  private func push(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
    bytes.withUnsafeBytes {
      let part = UnsafeRawBufferPointer(rebasing: $0[range])
      return send(descriptor, part.baseAddress, part.count, Int32(MSG_NOSIGNAL))
    }
  }
}
