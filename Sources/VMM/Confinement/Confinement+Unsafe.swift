import CLinux
import Glibc
import HostNetwork

/// What a monitor gives up before the first instruction of its guest. A guest that takes it over gets
/// no more than the guest's own memory, its frames and its console.
package struct Confinement {
  /// Nobody, who owns no file.
  private static let nobody: uid_t = 65_534

  /// Connects to its network again when the other side comes back, which needs the socket's name and
  /// the right to it: its user and its files stay.
  private let reconnects: Bool
  /// Lets a debugger in, which may change everything in the guest, and nothing else.
  private let isDebugged: Bool

  package init(reconnects: Bool, isDebugged: Bool = false) {
    self.reconnects = reconnects
    self.isDebugged = isDebugged
  }

  /// For this process and all its threads, for ever.
  package func begin() throws(SystemCallError) {
    if geteuid() == 0, !reconnects {
      try checked("chroot", ix_leave_files())
      try checked("setresuid", ix_become(Self.nobody, Self.nobody))
    }
    try checked("capset", ix_renounce())
    let program = SystemCallFilter.monitor(
      reconnects: reconnects, isDebugged: isDebugged
    ).program
    // SAFETY: the array is only read, and holds as many instructions as are passed.
    try checked("seccomp", unsafe ix_filter_calls(program, UInt16(program.count)))
  }
}
