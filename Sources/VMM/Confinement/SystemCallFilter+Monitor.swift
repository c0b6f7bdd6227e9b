import CKVM
import CLinux
import Glibc
import HostNetwork

extension SystemCallFilter {
  /// What a monitor does while its guest runs: nothing opens a file, starts a program, makes memory
  /// executable or signals another process. `reconnects`: to a vhost-user back end, and nowhere else.
  package static func monitor(reconnects: Bool, isDebugged: Bool = false) -> Self {
    var filter = Self()
    filter.allowGuest()
    filter.allowFrames()
    filter.allowThreads()
    filter.allowMemory()
    filter.allowEnd()
    if reconnects { filter.allowReconnecting() }
    if isDebugged { filter.allowDebugger() }
    return filter
  }

  /// Running processors, reading them for a crash report, moving interrupts and doorbells.
  private mutating func allowGuest() {
    for request in [
      ix_kvm_request_run, ix_kvm_request_registers, ix_kvm_request_system_registers,
      ix_kvm_request_translate, ix_kvm_request_routes, ix_kvm_request_doorbell,
    ] { allow(SYS_ioctl, where: .argument(1, is: request)) }
    allow(SYS_getrandom)
    allow(SYS_eventfd2)
  }

  private mutating func allowFrames() {
    for call in [
      SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_poll, SYS_restart_syscall, SYS_close,
    ] { allow(call) }
    allow(SYS_ioctl, where: .argument(1, is: ix_tap_request_offloads))
    // Where the kernel has no quicker way to tell the time.
    allow(SYS_clock_gettime)
  }

  /// glibc's pthread_create, and nothing else that makes a thread: no process.
  private mutating func allowThreads() {
    allow(SYS_futex)
    allow(SYS_clone, where: .argument(0, masked: .max, is: ix_thread_flags))
    // Its flags are in memory, where they cannot be looked at; glibc goes on with clone.
    fail(SYS_clone3, with: ENOSYS)
    allow(SYS_prctl, where: .argument(0, is: ix_request_name))
    for call in [
      SYS_set_robust_list, SYS_rseq, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn,
      SYS_sched_yield, SYS_sched_getaffinity, SYS_sched_setaffinity, SYS_gettid, SYS_getpid,
      SYS_exit,
    ] { allow(call) }
  }

  /// Memory of its own: neither files nor anything executable.
  private mutating func allowMemory() {
    let isExecutable = UInt64(PROT_EXEC)
    let isAnonymous = UInt64(MAP_ANONYMOUS)
    allow(
      SYS_mmap, where: .argument(2, masked: isExecutable, is: 0),
      .argument(3, masked: isAnonymous, is: isAnonymous))
    allow(SYS_mprotect, where: .argument(2, masked: isExecutable, is: 0))
    for call in [SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk] { allow(call) }
  }

  /// Its own end, in order or by a trap.
  private mutating func allowEnd() {
    allow(SYS_exit_group)
    allow(SYS_tgkill, where: .argument(0, is: UInt32(getpid())))
  }

  /// On a socket that listens already. The signals are those of `allowEnd`.
  private mutating func allowDebugger() {
    allow(SYS_accept)
    for request in [ix_kvm_request_set_registers, ix_kvm_request_debug] {
      allow(SYS_ioctl, where: .argument(1, is: request))
    }
  }

  private mutating func allowReconnecting() {
    allow(SYS_socket, where: .argument(0, is: UInt32(AF_UNIX)))
    for call in [SYS_setsockopt, SYS_connect, SYS_sendmsg, SYS_recvfrom] { allow(call) }
  }
}
