import CLinux
import Glibc
import HostNetwork

extension SystemCallFilter {
  /// What DPDK does once it has started a tap or a packet socket: no file is opened, no program or thread
  /// started, no socket made and no other process touched. What is asked of what is open already (`ioctl`,
  /// messages to sockets) is its own to know.
  static var poller: Self {
    var filter = Self()
    filter.allowFrames()
    filter.allowGuests()
    filter.allowMemory()
    filter.allowThreads()
    filter.allowEnd()
    return filter
  }

  /// For any driver: no program is started, no process made or looked into, and no right gained.
  static var drivers: Self {
    var filter = Self(allowsOthers: true)
    filter.allow(
      SYS_clone,
      where: .argument(0, masked: UInt64(CLONE_THREAD), is: UInt64(CLONE_THREAD)))
    // Its flags are in memory, where they cannot be looked at; glibc goes on with clone.
    filter.fail(SYS_clone3, with: ENOSYS)
    for call in [
      SYS_clone, SYS_fork, SYS_vfork, SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_readv,
      SYS_process_vm_writev, SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid,
      SYS_setresgid, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_setns, SYS_unshare,
      SYS_init_module, SYS_finit_module, SYS_kexec_load, SYS_io_uring_setup,
    ] { filter.refuse(call) }
    return filter
  }

  /// Taps and packet sockets; naps.
  private mutating func allowFrames() {
    for call in [
      SYS_readv, SYS_writev, SYS_read, SYS_write, SYS_poll, SYS_ppoll, SYS_sendto, SYS_recvfrom,
      SYS_sendmsg, SYS_recvmsg, SYS_ioctl, SYS_clock_nanosleep, SYS_nanosleep, SYS_clock_gettime,
      SYS_restart_syscall,
    ] { allow(call) }
  }

  /// Guests that come and go, and DPDK's own timers and waits.
  private mutating func allowGuests() {
    for call in [
      SYS_accept, SYS_accept4, SYS_shutdown, SYS_fcntl, SYS_fstat, SYS_newfstatat, SYS_close,
      SYS_getsockopt, SYS_setsockopt, SYS_epoll_wait, SYS_epoll_pwait, SYS_epoll_ctl,
      SYS_timerfd_settime, SYS_eventfd2, SYS_lseek,
    ] { allow(call) }
  }

  /// The guest's memory, which is a file, and more of its own, which may be on a node of its own; none of
  /// it executable.
  private mutating func allowMemory() {
    let isExecutable = UInt64(PROT_EXEC)
    for call in [SYS_mmap, SYS_mprotect] {
      allow(call, where: .argument(2, masked: isExecutable, is: 0))
    }
    for call in [
      SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk, SYS_mlock, SYS_memfd_create, SYS_ftruncate,
      SYS_fallocate, SYS_get_mempolicy, SYS_set_mempolicy, SYS_mbind, SYS_move_pages,
    ] { allow(call) }
  }

  private mutating func allowThreads() {
    for call in [
      SYS_futex, SYS_sched_yield, SYS_sched_getaffinity, SYS_sched_setaffinity, SYS_gettid,
      SYS_getpid, SYS_getuid, SYS_geteuid, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn,
      SYS_getrandom, SYS_exit,
    ] { allow(call) }
  }

  /// Its own end, in order or by a trap: the socket's name goes.
  private mutating func allowEnd() {
    for call in [SYS_unlink, SYS_rmdir, SYS_exit_group] { allow(call) }
    allow(SYS_tgkill, where: .argument(0, is: UInt32(getpid())))
  }
}
