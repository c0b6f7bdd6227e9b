// swift-tools-version:6.2
import PackageDescription

// One manifest describes both worlds. Plain `swift build` and `swift test` compile everything for
// the host; `--traits Guest` with the toolsets in Linker/ compiles and links the bare-metal images
// (`ixlaunch build` passes the right flags).

let root = Context.packageDirectory

/// Every Swift target: strict memory safety, lifetimes, no tolerated warning.
let strict: [SwiftSetting] = [
  .strictMemorySafety(),
  .enableExperimentalFeature("Lifetimes"),
  .treatAllWarnings(as: .error),
]

/// Tests make memory and break rules on purpose; they do not mark every unsafe step.
let testing: [SwiftSetting] = [
  .enableExperimentalFeature("Lifetimes"),
  .treatAllWarnings(as: .error),
]

/// Executables that exist only in a guest have their entry point called from assembly.
let guestOnly: [SwiftSetting] =
  strict + [
    .unsafeFlags(["-parse-as-library"]),
    .enableExperimentalFeature("Extern"),
  ]

let guestLibrary: [SwiftSetting] = strict + [.enableExperimentalFeature("Extern")]

let freestanding: [CSetting] = [.unsafeFlags(["-ffreestanding", "-fno-builtin"])]

/// Host programs carry Swift's libraries in themselves: they start at once, and touch little memory.
let selfContained: [SwiftSetting] = [
  .unsafeFlags(["-static-stdlib"], .when(configuration: .release))
]
let linkedWhole: [LinkerSetting] = [
  .unsafeFlags(["-static-stdlib"], .when(configuration: .release))
]

func linked(by script: String, with objects: [String] = []) -> [LinkerSetting] {
  let flags = ["-Xlinker", "-T", "-Xlinker", "\(root)/Linker/\(script)"]
  let files = objects.map { "\(root)/.build/boot/\($0)" }
  return [.unsafeFlags(flags + files, .when(traits: ["Guest"]))]
}

func application(
  _ name: String, in folder: String? = nil, with modules: [Target.Dependency] = []
) -> Target {
  .executableTarget(
    name: name, dependencies: ["IX"] + modules,
    path: "Sources/Applications/\(folder ?? name)",
    swiftSettings: guestOnly, linkerSettings: linked(by: "application.ld"))
}

let package = Package(
  name: "ix",
  products: [
    .library(name: "IX", targets: ["IX"]),
    .executable(name: "ixlaunch", targets: ["ixlaunch"]),
    .executable(name: "ixload", targets: ["ixload"]),
    .executable(name: "ixmonitor", targets: ["ixmonitor"]),
    .executable(name: "ixnet", targets: ["ixnet"]),
    .executable(name: "kernel", targets: ["Kernel"]),
    .executable(name: "echo", targets: ["Echo"]),
    .executable(name: "http", targets: ["HTTPServer"]),
    .executable(name: "kv", targets: ["KeyValueServer"]),
    .executable(name: "netpipe", targets: ["Netpipe"]),
    .executable(name: "bulk", targets: ["Bulk"]),
    .executable(name: "work", targets: ["Work"]),
    .executable(name: "cecho", targets: ["CEcho"]),
    .executable(name: "probe", targets: ["Probe"]),
    .executable(name: "timers", targets: ["Timers"]),
    .executable(name: "options", targets: ["Options"]),
    .executable(name: "fuzz", targets: ["Fuzz"]),
    .executable(name: "cores", targets: ["Cores"]),
  ],
  traits: [.trait(name: "Guest", description: "Link bare-metal images instead of host programs")],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
  ],
  targets: [
    // Contract between ring 3 and ring 0.
    .target(name: "CIXABI"),
    .target(name: "IXABI", dependencies: ["CIXABI"], swiftSettings: strict),

    // Portable core, in dependency order.
    .target(name: "Wire", swiftSettings: strict),
    .target(name: "Packets", dependencies: ["CX86", "Wire"], swiftSettings: strict),
    .target(name: "TCP", dependencies: ["IXABI", "Wire", "Packets"], swiftSettings: strict),
    .target(
      name: "Network", dependencies: ["IXABI", "Wire", "Packets", "TCP"], swiftSettings: strict),
    .target(name: "Drivers", dependencies: ["CX86", "Wire", "Packets"], swiftSettings: strict),
    .target(
      name: "Dataplane",
      dependencies: ["CIXABI", "IXABI", "Wire", "Packets", "TCP", "Network", "Drivers"],
      swiftSettings: strict),

    // Guest: ring 0.
    .target(name: "CX86"),
    .target(name: "CRuntime", cSettings: freestanding),
    .executableTarget(
      name: "Kernel", dependencies: ["Dataplane", "Drivers", "CX86", "CRuntime"],
      swiftSettings: guestOnly, linkerSettings: linked(by: "kernel.ld", with: ["boot.o"])),

    // Portable parts of applications.
    .target(name: "HTTP", swiftSettings: strict),
    .target(name: "KeyValue", dependencies: ["Wire"], swiftSettings: strict),

    // Guest: ring 3.
    .target(name: "CIX", dependencies: ["CIXABI", "CRuntime"]),
    .target(name: "IX", dependencies: ["CIXABI", "IXABI", "CIX"], swiftSettings: guestLibrary),
    application("Echo"),
    application("Netpipe"),
    .executableTarget(
      name: "CEcho", dependencies: ["CIX"], path: "Sources/Applications/CEcho",
      linkerSettings: linked(by: "application.ld")),
    application("HTTPServer", in: "HTTP", with: ["HTTP"]),
    application("KeyValueServer", in: "KeyValue", with: ["KeyValue", "CIX"]),
    // Only benchmarks boot these two.
    .executableTarget(
      name: "Bulk", dependencies: ["IX"], path: "Benchmarks/Applications/Bulk",
      swiftSettings: guestOnly, linkerSettings: linked(by: "application.ld")),
    .executableTarget(
      name: "Work", dependencies: ["IX"], path: "Benchmarks/Applications/Work",
      swiftSettings: guestOnly, linkerSettings: linked(by: "application.ld")),
    // Only system tests boot those below.
    .executableTarget(
      name: "Timers", dependencies: ["IX"], path: "Tests/Applications/Timers",
      exclude: ["timers.yaml"],
      swiftSettings: guestOnly, linkerSettings: linked(by: "application.ld")),
    .executableTarget(
      name: "Options", dependencies: ["IX"], path: "Tests/Applications/Options",
      exclude: ["options.yaml"],
      swiftSettings: guestOnly, linkerSettings: linked(by: "application.ld")),
    .executableTarget(
      name: "Fuzz", dependencies: ["CIX"], path: "Tests/Applications/Fuzz",
      linkerSettings: linked(by: "application.ld")),
    .executableTarget(
      name: "Cores", dependencies: ["IX", "CIX", "CX86"], path: "Tests/Applications/Cores",
      exclude: ["cores.yaml"],
      swiftSettings: guestOnly, linkerSettings: linked(by: "application.ld")),
    // Breaks one rule after the other.
    .executableTarget(
      name: "Probe", dependencies: ["CIX"], path: "Tests/Applications/Probe",
      linkerSettings: linked(by: "application.ld")),

    // Host.
    .systemLibrary(name: "CLibELF", pkgConfig: "libelf", providers: [.apt(["libelf-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(
      name: "Image",
      dependencies: [
        "CIXABI", "CLibELF", "CZlib", "HTTP", .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),
    // Watches and steers running dataplanes.
    .target(
      name: "ControlPlane", dependencies: ["CIXABI", "CProcess", "IXABI", "Image", "Network"],
      swiftSettings: strict),
    .target(name: "CProcess"),
    .target(name: "CLinux"),
    .target(name: "CKVM"),
    .target(
      name: "HostNetwork", dependencies: ["CEpoll", "CLinux", "CX86", "Drivers"],
      swiftSettings: strict),
    .target(
      name: "KVM", dependencies: ["CKVM", "CLinux", "HostNetwork"], swiftSettings: strict),
    .target(
      name: "VMM",
      dependencies: ["CKVM", "CLinux", "CX86", "Drivers", "HostNetwork", "KVM", "Wire"],
      swiftSettings: strict),
    .executableTarget(
      name: "ixmonitor", dependencies: ["HostNetwork", "KVM", "VMM", "Wire"],
      swiftSettings: strict + selfContained, linkerSettings: linkedWhole),
    .executableTarget(
      name: "ixlaunch",
      dependencies: [
        "CLinux", "CProcess", "ControlPlane", "Image", "VMM",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict + selfContained, linkerSettings: linkedWhole),

    // The poller: what it decides, and DPDK, of which Swift sees plain functions only.
    .target(name: "Poller", dependencies: ["Wire"], swiftSettings: strict),
    .target(
      name: "CDPDK",
      cSettings: [
        .unsafeFlags([
          "-I/usr/include/dpdk", "-I/usr/include/x86_64-linux-gnu/dpdk", "-include", "rte_config.h",
          "-march=corei7",
        ])
      ],
      linkerSettings: ["eal", "ethdev", "mbuf", "mempool", "net", "vhost"].map {
        .linkedLibrary("rte_\($0)")
      }),
    .executableTarget(
      name: "ixnet",
      dependencies: [
        "CDPDK", "CLinux", "HostNetwork", "Poller", "Wire",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict + selfContained, linkerSettings: linkedWhole),

    .systemLibrary(name: "CEpoll"),
    .executableTarget(
      name: "ixload",
      dependencies: [
        "CEpoll",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      swiftSettings: strict),

    // Tests mirror the modules.
    .target(
      name: "TestSupport", dependencies: ["Wire", "Packets"], path: "Tests/TestSupport",
      swiftSettings: testing),
    .testTarget(
      name: "WireTests", dependencies: ["Wire", "TestSupport"], swiftSettings: testing),
    .testTarget(name: "RuntimeTests", dependencies: ["CRuntime"], swiftSettings: testing),
    .testTarget(
      name: "PacketsTests", dependencies: ["Packets", "TestSupport"], swiftSettings: testing),
    .testTarget(
      name: "TCPTests", dependencies: ["TCP", "TestSupport"], swiftSettings: testing),
    .testTarget(
      name: "NetworkTests", dependencies: ["Network", "TestSupport"], swiftSettings: testing),
    .testTarget(
      name: "DriversTests", dependencies: ["Wire", "Drivers", "TestSupport"], swiftSettings: testing
    ),
    .testTarget(
      name: "DataplaneTests", dependencies: ["Dataplane", "TestSupport"], swiftSettings: testing),
    .target(
      name: "HTTPHost", dependencies: ["HTTP"], path: "Tests/HTTPHost", swiftSettings: testing),
    .testTarget(
      name: "HTTPTests", dependencies: ["HTTP", "HTTPHost"], swiftSettings: testing),
    .target(
      name: "ImageFixtures", dependencies: ["Image"], path: "Tests/ImageFixtures",
      swiftSettings: testing),
    .testTarget(
      name: "ImageTests", dependencies: ["CIXABI", "HTTP", "Image", "ImageFixtures"],
      swiftSettings: testing),
    .testTarget(
      name: "ControlPlaneTests",
      dependencies: ["CIXABI", "ControlPlane", "Dataplane", "IXABI", "Image", "Packets"],
      swiftSettings: testing),
    .testTarget(
      name: "LauncherTests", dependencies: ["Image", "ImageFixtures", "ixlaunch"],
      swiftSettings: testing),
    .testTarget(name: "LoadTests", dependencies: ["ixload"], swiftSettings: testing),
    .testTarget(
      name: "HostNetworkTests", dependencies: ["Drivers", "HostNetwork", "Wire"],
      swiftSettings: testing),
    .testTarget(
      name: "PollerTests", dependencies: ["Poller", "Wire", "TestSupport"], swiftSettings: testing),
    .executableTarget(
      name: "NestedImages", dependencies: ["ImageFixtures"], path: "Tests/Nested/Images",
      swiftSettings: testing),
    .executableTarget(
      name: "Confined", dependencies: ["HostNetwork", "VMM"], path: "Tests/Confined",
      swiftSettings: testing),
    .testTarget(
      name: "VMMTests",
      dependencies: ["CLinux", "Confined", "Drivers", "HostNetwork", "KVM", "VMM", "Wire"],
      swiftSettings: testing),
    .testTarget(
      name: "KeyValueTests", dependencies: ["KeyValue"], exclude: ["Transcripts"],
      swiftSettings: testing),
    // Boots real images; needs the products of `make build`.
    .testTarget(
      name: "SystemTests", dependencies: ["Image"],
      exclude: ["impair.py", "readme.py", "recorder.py"],
      swiftSettings: testing),
  ]
)
