import Glibc

/// Which of the targets this process is; the environment says it, so that one binary is enough.
private let target = getenv("IX_FUZZ_TARGET").map { String(cString: $0) } ?? ""

/// In place of `ix_forget_code`: to read all code again after every start of a device would take far
/// longer than the rest.
@c(__wrap_ix_forget_code)
public func keepCode() {}

/// What libFuzzer calls with every input.
@c(LLVMFuzzerTestOneInput)
public func runOneInput(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let input = UnsafeRawBufferPointer(start: bytes, count: count)
  switch target {
  case "devices": GuestTarget.run(input)
  case "backends": BackEndTarget.run(input)
  default: fatalError("IX_FUZZ_TARGET is none of devices, backends")
  }
  return 0
}
