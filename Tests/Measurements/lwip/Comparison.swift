import Glibc

/// `compare CONVERSATION COUNT`: one of the conversations of `roles`, between our stack and lwIP.
@main
struct Comparison {
  nonisolated(unsafe) static var ours: OurSide?

  /// Our role and lwIP's.
  static func roles(_ name: String) -> (ours: Int, theirs: Int)? {
    switch name {
    case "echo-ours": (ROLE_ECHO_SERVER, ROLE_ECHO_CLIENT)
    case "echo-lwip": (ROLE_ECHO_CLIENT, ROLE_ECHO_SERVER)
    case "bulk-to-ours": (ROLE_BULK_RECEIVER, ROLE_BULK_SENDER)
    case "bulk-to-lwip": (ROLE_BULK_SENDER, ROLE_BULK_RECEIVER)
    default: nil
    }
  }

  static func main() {
    guard CommandLine.arguments.count == 3, let roles = roles(CommandLine.arguments[1]),
      let count = UInt64(CommandLine.arguments[2])
    else {
      print("usage: compare echo-ours|echo-lwip|bulk-to-ours|bulk-to-lwip COUNT")
      exit(2)
    }
    lwip_side_start(Int32(roles.theirs), count)
    ours = OurSide(roles.ours, count: count)
    if roles.ours == ROLE_ECHO_CLIENT || roles.ours == ROLE_BULK_SENDER {
      ours?.connect()
    } else {
      lwip_side_connect()
    }
    var idleCount = 0
    while isUnfinished(roles, count) {
      if wire_count(wire_to_lwip()) > 0 {
        lwip_turn()
        idleCount = 0
      } else {
        if wire_count(wire_to_ours()) == 0 { idleCount += 1 }
        ourTurn()
      }
      guard idleCount < 1_000_000 else { fatalError("neither side has anything to say") }
    }
  }

  static func isUnfinished(_ roles: (ours: Int, theirs: Int), _ count: UInt64) -> Bool {
    let isOurs = roles.ours == ROLE_ECHO_CLIENT || roles.ours == ROLE_BULK_RECEIVER
    return (isOurs ? ours?.progress ?? 0 : lwip_side_progress()) < count
  }
}

/// What this function executes is what is counted of our side.
@inline(never)
func ourTurn() { Comparison.ours?.turn() }
