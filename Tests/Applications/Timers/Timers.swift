#if hasFeature(Embedded)
  import IX

  /// Arms, moves and cancels timers and says what fired: `done` when it was what should have.
  @main
  struct Timers: Service {
    private let startedAt = Instant.now
    private let late: Timer
    private let early: Timer
    private let cancelled: Timer
    private let moved: Timer
    private var firedCount = 0

    init() throws(IXError) {
      late = try after(.milliseconds(60))
      early = try after(.milliseconds(20))
      cancelled = try after(.milliseconds(10))
      moved = try after(.milliseconds(10))
      cancelled.cancel()
      _ = moved.move(to: .milliseconds(40))
    }

    static func main() {
      guard let timers = try? Timers() else { exit(status: 1) }
      run(timers)
    }

    mutating func fired(_ timer: Timer) {
      let elapsed = Instant.now.since(startedAt)
      firedCount += 1
      expect(timer != cancelled, "a cancelled timer fired")
      expect(!timer.move(to: .zero), "a timer that has fired was moved")
      switch firedCount {
      case 1: expect(timer == early && elapsed >= .milliseconds(20), "not the early one first")
      case 2: expect(timer == moved && elapsed >= .milliseconds(40), "not the moved one second")
      case 3: finish(timer, after: elapsed)
      default: expect(false, "too many timers fired")
      }
    }

    private func finish(_ timer: Timer, after elapsed: Interval) {
      expect(timer == late && elapsed >= .milliseconds(60), "not the late one last")
      var running = 0
      while (try? after(.seconds(3600))) != nil { running += 1 }
      expect(running > 1000, "too few timers")
      print("timers: done")
      exit()
    }

    private func expect(_ condition: Bool, _ complaint: StaticString) {
      guard !condition else { return }
      print(complaint)
      exit(status: 1)
    }
  }
#else
  @main struct HostStub { static func main() {} }
#endif
