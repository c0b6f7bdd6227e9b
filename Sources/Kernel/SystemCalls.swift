#if hasFeature(Embedded)
  import Dataplane
  import IXABI
  import Packets

  /// The gate from ring 3 (Boot/syscall.asm): what is not listed here is refused.
  @c(ix_system_call)
  func handleSystemCall(_ number: UInt64, _ a: UInt64, _ b: UInt64, _ c: UInt64) -> Int64 {
    guard let call = SystemCall(rawValue: number) else { return Status.unknownCall.result }
    switch call {
    case .poll: return Core.current.poll(callCount: a, flags: b)
    case .flush: return Core.current.flush(callCount: a)
    case .listen: return Core.current.listen(port: a).result
    case .bind: return Core.current.bind(port: a).result
    case .write: return write(UserAddress(a), byteCount: b)
    case .exit: exit(status: a)
    case .cores: return Int64(Core.current.coreCount)
    }
  }

  /// At most this much console output per call: the serial line is slow and ring 0 does not yield.
  private var writeLimit: UInt64 { 4096 }

  private func write(_ address: UserAddress, byteCount: UInt64) -> Int64 {
    guard
      let start = Core.current.memory.kernelAddress(
        of: address, byteCount: byteCount, writable: false)
    else { return Status.badAddress.result }
    let count = min(byteCount, writeLimit)
    Console.begin()
    Console.write(physicalBytes(at: start.physicalAddress.rawValue, byteCount: Int(count)))
    Console.end()
    return Int64(count)
  }

  private func exit(status: UInt64) -> Never {
    Console.begin()
    Console.write("ix: application exited with status ")
    Console.write(status)
    Console.write("\n")
    stop(status == 0 ? .clean : .applicationFailure)
  }
#endif
