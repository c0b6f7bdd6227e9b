import Foundation
import Testing

/// Flow groups that change their cores while the echo image serves.
@Suite(.serialized) struct MigrationTests {
  /// Behind one queue, and with a card that hashes. Longer: Tests/Measurements/migration.
  @Test(.enabled(if: Namespace.isAvailable), arguments: [false, true])
  func echoesAreExactWhileGroupsMoveAndCoresAreParked(isMultiQueue: Bool) throws {
    let queues = isMultiQueue ? ["--multi-queue"] : []
    let finished = try shell(
      ["python3", "\(packageRoot.path)/Tests/Measurements/migration", "--seconds", "20"] + queues,
      seconds: 120)
    #expect(finished.status == 0, "\(finished.output)")
    #expect(finished.output.contains("forbidden: {}"), "\(finished.output)")
  }
}
