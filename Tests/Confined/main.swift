// A process confined as a monitor is, that then does what its argument says: what a monitor may do ends
// with 0, what it may not should end it by SIGSYS, and if it does not, with 9.
import Foundation
import HostNetwork
import VMM

/// A monitor's own.
func permitted(_ deed: String) throws -> Bool {
  switch deed {
  case "nothing": break
  case "thread": try HostThread("confined") {}.join()
  case "memory":
    let place = UnsafeMutableRawPointer.allocate(byteCount: 64 << 20, alignment: 4096)
    memset(place, 1, 64 << 20)
    place.deallocate()
  case "event": try Descriptor.event().signal()
  case "wait":
    _ = write(STDOUT_FILENO, "confined\n", 9)
    var byte: UInt8 = 0
    _ = read(STDIN_FILENO, &byte, 1)
  default: return false
  }
  return true
}

/// Returns only when the kernel let it pass.
func forbidden(_ deed: String) {
  switch deed {
  case "open": _ = open("/etc/passwd", O_RDONLY)
  case "exec": execv("/bin/true", [nil])
  case "fork": popen("true", "r")
  case "socket": socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  case "unix-socket": socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
  case "kill": kill(getppid(), 0)
  case "accept": accept(-1, nil, nil)
  case "ioctl": _ = ioctl(0, 0x5401)
  case "executable-memory":
    mmap(nil, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  case "executable-later": mprotect(UnsafeMutableRawPointer(bitPattern: 4096), 4096, PROT_EXEC)
  case "become-root": setuid(0)
  case "unlink": unlink("/etc/passwd")
  default: break
  }
}

let deed = CommandLine.arguments.dropFirst().first ?? "nothing"
try Confinement(
  reconnects: CommandLine.arguments.contains("reconnects"),
  isDebugged: CommandLine.arguments.contains("debugged")
).begin()
if try !permitted(deed) {
  forbidden(deed)
  _exit(9)
}
