import CLinux
import Glibc
import HostNetwork
import Testing

@testable import VMM

/// The filter's program, run on calls that are never made.
@Suite struct SystemCallFilterTests {
  private static let native: UInt32 = 0xC000_003E

  /// What the kernel would be told to do: the instructions of classic BPF that a filter is made of.
  private func answer(
    _ filter: SystemCallFilter, _ number: Int32, _ arguments: [UInt64] = [],
    architecture: UInt32 = Self.native
  ) throws -> UInt32 {
    // seccomp_data, in words: number, architecture, instruction pointer, six arguments.
    var words = [UInt32(bitPattern: number), architecture, 0, 0]
    for index in 0..<6 {
      let value = index < arguments.count ? arguments[index] : 0
      words += [UInt32(truncatingIfNeeded: value), UInt32(value >> 32)]
    }
    let program = filter.program
    var accumulator: UInt32 = 0
    var place = 0
    while place < program.count {
      let step = program[place]
      place += 1
      switch step.code {
      case 0x20: accumulator = words[Int(step.k) / 4]
      case 0x54: accumulator &= step.k
      case 0x15: place += Int(accumulator == step.k ? step.jt : step.jf)
      case 0x35: place += Int(accumulator >= step.k ? step.jt : step.jf)
      case 0x06: return step.k
      default: throw Unknown(code: step.code)
      }
    }
    throw Unknown(code: 0)
  }

  private struct Unknown: Error { let code: UInt16 }

  @Test func whatIsNotNamedKills() throws {
    let filter = SystemCallFilter.monitor(reconnects: false)
    for number in 0..<Int32(600) {
      let isNamed = try answer(filter, number) != ix_filter_kills
      if [
        SYS_open, SYS_openat, SYS_execve, SYS_execveat, SYS_socket, SYS_connect, SYS_sendmsg,
        SYS_kill, SYS_ptrace, SYS_fork, SYS_vfork, SYS_clone, SYS_seccomp, SYS_mount, SYS_setuid,
        SYS_process_vm_writev, SYS_io_uring_setup, SYS_bpf, SYS_unlink, SYS_memfd_create,
      ].contains(number) {
        #expect(!isNamed, "call \(number)")
      }
    }
    #expect(try answer(filter, SYS_read) == ix_filter_allows)
    #expect(try answer(filter, SYS_exit_group) == ix_filter_allows)
  }

  @Test func whereOthersAreAllowedWhatIsRefusedKills() throws {
    var filter = SystemCallFilter(allowsOthers: true)
    filter.allow(7, where: .argument(0, masked: 4, is: 4))
    filter.refuse(7)
    #expect(try answer(filter, 7, [12]) == ix_filter_allows)
    #expect(try answer(filter, 7, [8]) == ix_filter_kills)
    #expect(try answer(filter, 8) == ix_filter_allows)
    #expect(try answer(filter, 8, architecture: 0x4000_0003) == ix_filter_kills)
    #expect(try answer(filter, 8 | 0x4000_0000) == ix_filter_kills)
  }

  @Test func numbersOfOtherArchitecturesKill() throws {
    let filter = SystemCallFilter.monitor(reconnects: true)
    #expect(try answer(filter, SYS_read, architecture: 0x4000_0003) == ix_filter_kills)
    #expect(try answer(filter, SYS_read | 0x4000_0000) == ix_filter_kills)
    #expect(try answer(filter, -1) == ix_filter_kills)
  }

  @Test func everyConditionCounts() throws {
    var filter = SystemCallFilter()
    filter.allow(
      7, where: .argument(0, is: 5), .argument(5, masked: 0xFF_0000_0000, is: 0x12_0000_0000))
    filter.allow(7, where: .argument(1, is: 6))
    filter.allow(8)
    let high: UInt64 = 0x3412_0000_0001
    #expect(try answer(filter, 7, [5, 0, 0, 0, 0, high]) == ix_filter_allows)
    #expect(try answer(filter, 7, [4, 0, 0, 0, 0, high]) == ix_filter_kills)
    #expect(try answer(filter, 7, [5, 0, 0, 0, 0, 0]) == ix_filter_kills)
    #expect(try answer(filter, 7, [4, 6]) == ix_filter_allows)
    #expect(try answer(filter, 8, [4, 4]) == ix_filter_allows)
    #expect(try answer(filter, 9) == ix_filter_kills)
  }

  @Test func memoryIsNeverExecutableNorAFile() throws {
    let filter = SystemCallFilter.monitor(reconnects: false)
    let anonymous = UInt64(MAP_PRIVATE | MAP_ANONYMOUS)
    let file = UInt64(MAP_PRIVATE)
    #expect(try answer(filter, SYS_mmap, [0, 4096, 3, anonymous]) == ix_filter_allows)
    #expect(try answer(filter, SYS_mmap, [0, 4096, 7, anonymous]) == ix_filter_kills)
    #expect(try answer(filter, SYS_mmap, [0, 4096, 3, file]) == ix_filter_kills)
    #expect(try answer(filter, SYS_mprotect, [0, 4096, 3]) == ix_filter_allows)
    #expect(try answer(filter, SYS_mprotect, [0, 4096, 5]) == ix_filter_kills)
  }

  @Test func threadsAreMadeButNoProcesses() throws {
    let filter = SystemCallFilter.monitor(reconnects: false)
    #expect(try answer(filter, SYS_clone, [0x3D_0F00]) == ix_filter_allows)
    // fork: SIGCHLD alone.
    #expect(try answer(filter, SYS_clone, [17]) == ix_filter_kills)
    #expect(try answer(filter, SYS_clone3) == ix_filter_fails | UInt32(ENOSYS))
    #expect(try answer(filter, SYS_tgkill, [UInt64(getpid())]) == ix_filter_allows)
    #expect(try answer(filter, SYS_tgkill, [1]) == ix_filter_kills)
  }

  @Test func onlyTheRequestsOfARunningGuestAreMade() throws {
    let filter = SystemCallFilter.monitor(reconnects: false)
    // KVM_RUN, TUNSETOFFLOAD; KVM_CREATE_VCPU, TUNSETIFF, TCGETS.
    for request: UInt64 in [0xAE80, 0x4004_54D0] {
      #expect(try answer(filter, SYS_ioctl, [3, request]) == ix_filter_allows)
    }
    for request: UInt64 in [0xAE41, 0x4004_54CA, 0x5401] {
      #expect(try answer(filter, SYS_ioctl, [3, request]) == ix_filter_kills)
    }
  }
}
