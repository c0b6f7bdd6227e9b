import Glibc
import Testing

@testable import ixlaunch

/// From QEMU's exit status to the launcher's.
@Suite struct GuestEndTests {
  @Test(arguments: [
    33: LauncherStatus.clean, 35: .applicationFailure, 37: .kernelFailure, 39: .hostCannot,
  ])
  func theGuestsOwnWordIsTaken(code: Int32, status: LauncherStatus) {
    let end = GuestEnd(exitStatus: code, wasStopped: false)
    #expect(end.status == status)
    #expect(end.problem == nil)
  }

  @Test func aResetWithoutAReportIsAKernelFailure() {
    let end = GuestEnd(exitStatus: 0, wasStopped: false)
    #expect(end.status == .kernelFailure)
    #expect(end.problem?.status == .kernelFailure)
  }

  @Test func qemusOwnFailureIsShownInItsWords() {
    let end = GuestEnd(exitStatus: 1, wasStopped: false, errors: ["could not open tap0"])
    #expect(end.status == .hostCannot)
    #expect(end.problem?.reason == "could not open tap0")
    #expect(GuestEnd(exitStatus: nil, wasStopped: false).problem?.reason == "it was killed")
  }

  @Test func aMonitorThatWasEndedByItsFilterIsNotTrusted() {
    let end = GuestEnd(monitor: .own, exitStatus: nil, signal: SIGSYS, wasStopped: false)
    #expect(end.status == .hostCannot)
    #expect(end.problem?.remedy == "do not trust this image")
  }

  @Test func stoppingIsClean() {
    #expect(GuestEnd(exitStatus: 0, wasStopped: true).status == .clean)
    #expect(GuestEnd(exitStatus: nil, wasStopped: true).status == .clean)
    #expect(GuestEnd(exitStatus: 0, wasStopped: true).problem == nil)
  }

  @Test func aFailureWhileStoppingStaysAFailure() {
    #expect(GuestEnd(exitStatus: 37, wasStopped: true).status == .kernelFailure)
    #expect(GuestEnd(exitStatus: 35, wasStopped: true).status == .applicationFailure)
  }

  @Test func aRefusedSandboxIsRecognised() {
    let errors = ["failed to install seccomp syscall filter in the kernel"]
    #expect(GuestEnd(exitStatus: 1, wasStopped: false, errors: errors).isSandboxRefused)
    #expect(!GuestEnd(exitStatus: 1, wasStopped: false, errors: ["no tap"]).isSandboxRefused)
  }
}
