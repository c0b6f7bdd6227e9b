import Testing

/// No instruction that locks memory can be reached on a packet's path (Tests/Measurements/locked).
@Suite struct LockTests {
  @Test(arguments: [
    "guest/release/kernel", "guest-applications/release/echo", "guest-applications/release/http",
    "guest-applications/release/kv",
  ])
  func nothingIsLockedOnAPacketsPath(file: String) throws {
    let finished = try shell(["Tests/Measurements/locked", product(file)])
    #expect(finished.status == 0, "\(finished.output)")
    #expect(finished.output.contains(" 0 locked instructions there"))
  }

  /// The check sees what there is: the kernel's console has a lock, from which no exception saves it here.
  @Test func aLockIsFound() throws {
    let finished = try shell([
      "Tests/Measurements/locked", "--strict", product("guest/release/kernel"),
    ])
    #expect(finished.status != 0)
    #expect(finished.output.contains("xchg"), "\(finished.output)")
  }
}
