import Glibc

/// Which of the targets this process is; the environment says it, so that one binary is enough.
private let target = getenv("IX_FUZZ_TARGET").map { String(cString: $0) } ?? ""

/// What libFuzzer calls with every input.
@c(LLVMFuzzerTestOneInput)
public func runOneInput(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let input = UnsafeRawBufferPointer(start: bytes, count: count)
  switch target {
  case "frames": FrameTarget.run(input)
  case "segments": SegmentTarget.run(input)
  case "options": OptionsTarget.run(input)
  default: fatalError("IX_FUZZ_TARGET is none of frames, segments, options")
  }
  return 0
}
