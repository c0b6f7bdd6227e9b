import Image

/// Why the launcher cannot do what was asked, as one sentence, and the exit status it ends with.
struct LaunchError: Explained, Equatable {
  let status: LauncherStatus
  let thing: String
  let reason: String
  let remedy: String

  init(_ status: LauncherStatus, _ thing: String, _ reason: String, remedy: String = "") {
    self.status = status
    self.thing = thing
    self.reason = reason
    self.remedy = remedy
  }
}

/// The guest has ended and everything there is to say about it has been said.
struct GuestEnded: Error {
  let status: LauncherStatus
}
