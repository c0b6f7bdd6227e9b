#if hasFeature(Embedded)
  import Dataplane
  import IXABI
  import Packets

  /// What ring 0 of one core keeps while ring 3 runs: the state behind every system call.
  struct Core: ~Copyable {
    let clock: TickClock
    /// What the application may name.
    let memory: UserMemory
    let coreCount: Int
  }
#endif
