import Foundation

/// A tap interface of the host that a guest's NIC is to be connected to.
struct TapDevice: Equatable {
  /// IFF_TAP, IFF_MULTI_QUEUE and IFF_VNET_HDR of <linux/if_tun.h>.
  private static let tapFlag: UInt32 = 0x0002
  private static let multiQueueFlag: UInt32 = 0x0100
  private static let headerFlag: UInt32 = 0x4000
  /// IFF_UP of <linux/if.h>.
  private static let upFlag: UInt32 = 0x1

  let name: String

  /// A name the kernel could have given an interface; it is safe on QEMU's command line.
  init?(name: String) {
    let isPlain = name.allSatisfy {
      $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0))
    }
    guard isPlain, (1...15).contains(name.utf8.count), name != ".", name != ".." else {
      return nil
    }
    self.name = name
  }

  /// Whether the tap was made with several queues. `interfaces` is /sys/class/net.
  func hasQueues(in interfaces: String = "/sys/class/net") -> Bool {
    (Self.number(at: "\(interfaces)/\(name)/tun_flags") ?? 0) & Self.multiQueueFlag != 0
  }

  /// Throws if QEMU could not attach for a guest with `cores` cores, or attached would be of no use.
  /// `interfaces` is /sys/class/net.
  func check(cores: Int = 1, in interfaces: String = "/sys/class/net") throws(LaunchError) {
    let directory = "\(interfaces)/\(name)"
    let queues = cores > 1 ? " multi_queue" : ""
    let create = "make one: ip tuntap add \(name) mode tap vnet_hdr\(queues)"
    guard FileManager.default.fileExists(atPath: directory) else {
      throw LaunchError(.hostCannot, name, "there is no such interface", remedy: create)
    }
    guard let flags = Self.number(at: "\(directory)/tun_flags"), flags & Self.tapFlag != 0 else {
      throw LaunchError(.hostCannot, name, "this interface is not a tap", remedy: create)
    }
    guard flags & Self.headerFlag != 0 else {
      throw LaunchError(.hostCannot, name, "this tap was made without vnet_hdr", remedy: create)
    }
    guard cores > 1 || flags & Self.multiQueueFlag == 0 else {
      throw LaunchError(
        .hostCannot, name, "this tap was made with multi_queue, which one core cannot use",
        remedy: create)
    }
    guard let state = Self.number(at: "\(directory)/flags"), state & Self.upFlag != 0 else {
      throw LaunchError(
        .hostCannot, name, "this tap is down", remedy: "start it: ip link set \(name) up")
    }
  }

  /// The hexadecimal number in a sysfs file.
  private static func number(at path: String) -> UInt32? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    let digits = text.trimmingCharacters(in: .whitespacesAndNewlines)
    return digits.hasPrefix("0x") ? UInt32(digits.dropFirst(2), radix: 16) : nil
  }
}
