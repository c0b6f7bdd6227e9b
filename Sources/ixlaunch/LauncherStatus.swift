/// What the launcher's exit status says. Part of the command line's contract.
enum LauncherStatus: Int32 {
  case clean = 0
  case applicationFailure = 1
  case usage = 2
  /// The host or the image is not what is needed.
  case hostCannot = 3
  case kernelFailure = 4
}
