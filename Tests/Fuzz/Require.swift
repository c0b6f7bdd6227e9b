/// `precondition`, whose message optimised code would not print.
@inline(__always)
func require(_ condition: Bool, _ message: StaticString) {
  if !condition { fatalError("\(message)") }
}
