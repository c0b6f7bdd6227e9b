import Testing

@testable import ControlPlane

@Suite struct FlowGroupMoveTests {
  /// Applied one after the other, moves give every serving core its share and leave nothing
  /// elsewhere.
  @Test(arguments: 1...8, [1, 2, 3, 5, 8])
  func everyCoreGetsItsShare(count: Int, spread: Int) {
    var owned = (0..<max(count, spread)).map { core in
      (0..<128).filter { $0 % spread == core }
    }
    for _ in 0..<200 {
      let moves = FlowGroupMove.moves(owned: owned, among: count)
      if moves.isEmpty { break }
      #expect(Set(moves.map(\.from)).count == moves.count)
      for move in moves {
        let going = owned[move.from].filter(move.groups.contains)
        #expect(!going.isEmpty)
        owned[move.from].removeAll { going.contains($0) }
        owned[move.to] += going
      }
    }
    #expect(owned.flatMap { $0 }.sorted() == Array(0..<128))
    for (core, groups) in owned.enumerated() {
      let share = core < count ? 128 / count + (core < 128 % count ? 1 : 0) : 0
      #expect(groups.count == share)
    }
  }
}
