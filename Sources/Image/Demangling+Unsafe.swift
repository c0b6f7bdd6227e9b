import Glibc

/// The Swift runtime's demangler: returns memory from `malloc`, or nil if `name` is not mangled.
@_silgen_name("swift_demangle")
private func runtimeDemangle(
  _ name: UnsafePointer<CChar>?, _ nameByteCount: UInt, _ output: UnsafeMutablePointer<CChar>?,
  _ outputByteCount: UnsafeMutablePointer<UInt>?, _ flags: UInt32
) -> UnsafeMutablePointer<CChar>?

/// The declaration behind a mangled Swift name; any other name as it is.
func demangled(_ name: String) -> String {
  // SAFETY: `text` is terminated and `utf8.count` bytes long; the result is freed once, here.
  unsafe name.withCString { text in
    guard let readable = unsafe runtimeDemangle(text, UInt(name.utf8.count), nil, nil, 0)
    else { return name }
    defer { unsafe free(readable) }
    return unsafe String(cString: readable)
  }
}
