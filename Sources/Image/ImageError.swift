/// Why a file is not an image that may be started, or cannot become one.
package struct ImageError: Explained, Equatable {
  package enum Kind: Sendable {
    /// The file cannot be read or written.
    case unreadable
    /// Not an ELF file for this machine, or an ELF file that `ixlaunch` did not make.
    case foreign
    /// An image once, but bytes are missing or changed.
    case damaged
    /// Made for another version of the application binary interface.
    case otherABI
    /// A kernel or application that cannot be composed into an image.
    case unusable
  }

  package let kind: Kind
  package let thing: String
  package let reason: String
  package let remedy: String

  package init(_ kind: Kind, _ thing: String, _ reason: String, remedy: String? = nil) {
    self.kind = kind
    self.thing = thing
    self.reason = reason
    self.remedy = remedy ?? Self.usualRemedy(for: kind)
  }

  private static func usualRemedy(for kind: Kind) -> String {
    switch kind {
    case .unreadable: return "check the path and its permissions"
    case .foreign: return "give an image made by `ixlaunch build`"
    case .damaged: return "build it again with `ixlaunch build`"
    case .otherABI: return "build it again with this version of `ixlaunch`"
    case .unusable: return "check its linker script and build it again"
    }
  }
}
