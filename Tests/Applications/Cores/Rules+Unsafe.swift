#if hasFeature(Embedded)
  import CIX
  import CX86
  import IX

  // What ring 3 must not be able to do, on a core that did not boot the machine.

  // SAFETY: each core has globals of its own, which is what is tested.
  nonisolated(unsafe) private var mark = 0

  /// Marks a global and a block of the heap and looks for a while whether another core's marks appear.
  func checkPrivacy() {
    let wanted = coreIndex + 1
    let block = UnsafeMutablePointer<Int>.allocate(capacity: 512)
    unsafe mark = wanted
    for index in 0..<512 { unsafe block[index] = wanted }
    let start = Instant.now
    while Instant.now.since(start) < .milliseconds(500) {
      for index in 0..<512 where unsafe block[index] != wanted || mark != wanted {
        say("sees another core's data")
        exit(status: 99)
      }
    }
    say("is alone")
  }

  /// Breaks the rule that the arguments name for `core`, and says so when nothing happens.
  func breakRule(on core: Int) {
    guard isMeant(core) else { return }
    if hasArgument("write-kernel-memory") {
      write(to: 0xFFFF_FFFF_8010_0000)
    } else if hasArgument("write-events") {
      write(to: unsafe ix_startup_page()?.pointee.events ?? 0)
    } else if hasArgument("write-below-stack") {
      write(to: 0x7FFF_0000_0000 - (256 << 10) - 8)
    } else if hasArgument("privileged-instruction") {
      x86_halt()
    } else {
      return
    }
    say("got away with it")
    exit(status: 99)
  }

  private func write(to address: UInt64) {
    // SAFETY: none; the kernel must end the application here.
    let pointer = unsafe UnsafeMutablePointer<UInt8>(bitPattern: UInt(address))
    unsafe pointer?.pointee = 1
  }

  extension StaticString {
    func character(at index: Int) -> UInt8 {
      // SAFETY: the caller stays below the count of the constant's bytes.
      unsafe utf8Start[index]
    }
  }
#endif
