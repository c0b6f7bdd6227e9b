import CLinux
import Glibc
import HostNetwork

/// What a poller gives up once port and socket are open, before it says where a guest finds it. A guest
/// that takes it over gets the frames of its port, its own memory and no more; or, with a driver that needs
/// its rights to the end, no other program.
enum PollerConfinement {
  /// Nobody, who owns no file but the socket.
  private static let nobody: uid_t = 65_534
  /// Drivers that need no rights once they have started, and no system call but those of
  /// `SystemCallFilter.poller`. Of the others AF_XDP has to take its program off the interface at the end;
  /// what cards need has not been tried.
  private static let modestDrivers = ["net_tap", "net_af_packet"]

  /// For this process and all its threads, for ever. It becomes nobody only where the socket's folder is
  /// its own, to be taken away at the end; elsewhere it keeps its user.
  static func begin(at place: SocketPlace, driver: String) throws(PollerError) {
    guard modestDrivers.contains(driver) else { return try filter(.drivers) }
    if geteuid() == 0, try place.give(to: nobody) {
      try PollerError.check("setresuid", ix_become(nobody, nobody))
    }
    try PollerError.check("capset", ix_renounce())
    try filter(.poller)
  }

  private static func filter(_ filter: SystemCallFilter) throws(PollerError) {
    try PollerError.check("prctl", ix_keep_privileges())
    let program = filter.program
    // SAFETY: the array is only read, and holds as many instructions as are passed.
    try PollerError.check("seccomp", unsafe ix_filter_calls(program, UInt16(program.count)))
  }
}
