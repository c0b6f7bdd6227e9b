import Testing

@testable import KeyValue

/// Replies to requests, byte for byte, as memcached 1.6.18 gives them.
@Suite struct ProtocolTests {
  @Test(arguments: ["text", "meta", "binary", "deviations"])
  func transcriptsAreThere(file: String) {
    #expect(Transcript.all(file).count > 20)
  }

  @Test(arguments: ["text", "meta", "binary"].flatMap(Transcript.all))
  func repliesAreMemcached(transcript: Transcript) {
    check(transcript)
  }

  /// What newer releases of 1.6 added, and where 1.6.18 is wrong or fussy.
  @Test(arguments: Transcript.all("deviations"))
  func deviationsAreAsDescribed(transcript: Transcript) {
    check(transcript)
  }

  private func check(_ transcript: Transcript) {
    var peer = Peer(Settings(memoryLimit: 64 << 20))
    let reply = peer.send(transcript.request)
    #expect(
      String(decoding: reply, as: UTF8.self) == String(decoding: transcript.reply, as: UTF8.self))
    #expect(reply == transcript.reply)
    let isClosed = peer.isClosed
    #expect(isClosed == transcript.isClosed)
    let fault = peer.server.store.inconsistency()
    #expect(fault == nil)
  }

  /// However the network cuts a conversation, the replies are the same.
  @Test(arguments: ["text", "meta", "binary", "deviations"])
  func everySplitGivesTheSameReplies(file: String) {
    for transcript in Transcript.all(file) where transcript.request.count <= 4000 {
      let request = transcript.request
      let step = max(1, request.count / 200)
      for split in stride(from: 1, to: request.count, by: step) {
        var peer = Peer()
        let reply = peer.send(request[..<split]) + peer.send(request[split...])
        #expect(reply == transcript.reply, "\(transcript.name) split at \(split)")
      }
      var peer = Peer()
      let reply = request.reduce(into: [UInt8]()) { $0 += peer.send(CollectionOfOne($1)) }
      #expect(reply == transcript.reply, "\(transcript.name) byte by byte")
      let used = peer.server.blocks.usedCount
      #expect(used <= 1)
    }
  }

  /// Replies of a pipeline do not depend on how much room there is at a time.
  @Test(arguments: [1, 40, 1000])
  func repliesWaitForRoom(room: Int) {
    for transcript in Transcript.all("text") + Transcript.all("binary") {
      var peer = Peer()
      peer.room = room
      let reply = peer.send(transcript.request)
      #expect(reply == transcript.reply, "\(transcript.name)")
    }
  }
}
