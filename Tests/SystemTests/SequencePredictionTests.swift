import Testing

/// Whether somebody who is not on the path can guess our sequence numbers (RFC 6528), as nmap sees it
/// from the initial ones it collects.
@Suite(.serialized, .enabled(if: Namespace.isAvailable)) struct SequencePredictionTests {
  @Test func nmapCannotPredictOurSequenceNumbers() throws {
    let namespace = try Namespace()
    let guest = try Guest("echo", Guest.onTap, in: namespace)
    #expect(guest.waitUntilListening())
    let scan = try namespace.run([
      "nmap", "-n", "-Pn", "-v", "-O", "--max-os-tries", "1", "-p", "7,8", Namespace.guestAddress,
    ])
    // nmap's own scale: from 0, a constant, by way of "Trivial joke" to 260 and more.
    #expect(scan.output.contains("(Good luck!)"), "\(scan.output)")
    #expect(scan.output.contains("IP ID Sequence Generation: All zeros"), "\(scan.output)")
    #expect(guest.stop().status == 0)
  }
}
