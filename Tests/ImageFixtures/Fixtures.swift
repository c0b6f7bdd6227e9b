import Image

/// A kernel, an application and what an image says about itself, as small as they can be.
package enum Fixtures {
  package static let kernelBase: UInt64 = 0xFFFF_FFFF_8000_0000

  /// Text, read-only data with descriptor and PVH note, data; one page each from 1 MiB on.
  package static var kernel: TinyELF {
    let pvh: [UInt8] =
      le(UInt32(4)) + le(UInt32(4)) + le(UInt32(18)) + Array("Xen\0".utf8)
      + le(UInt32(0x100010))
    let pieces: [TinyELF.Piece] = [
      .init(
        name: ".text", flags: 6, address: kernelBase + 0x100000,
        bytes: [UInt8](repeating: 0x90, count: 256)),
      .init(
        name: ".ix.descriptor", address: kernelBase + 0x101000, alignment: 64,
        bytes: [UInt8](repeating: 0, count: 64)),
      .init(
        name: ".note.Xen", kind: 7, address: kernelBase + 0x102000, alignment: 4, bytes: pvh),
      .init(name: ".data", flags: 3, address: kernelBase + 0x103000, bytes: [1, 2, 3, 4]),
      .init(name: ".debug_info", flags: 0, alignment: 1, bytes: Array("debugging".utf8)),
    ]
    var kernel = TinyELF(
      entry: 0x100010, pieces: pieces,
      segments: [
        .init(piece: 0, permissions: 5, physicalAddress: 0x100000),
        .init(piece: 1, permissions: 4, physicalAddress: 0x101000),
        .init(piece: 2, permissions: 4, physicalAddress: 0x102000),
        .init(piece: 3, permissions: 6, physicalAddress: 0x103000, extraByteCount: 0x2000),
        .init(piece: 2, kind: 4, permissions: 4, physicalAddress: 0x102000),
      ])
    kernel.symbols = [
      ("kernel_main", kernelBase + 0x100010, 0x40),
      ("$s6Kernel3fooyyF", kernelBase + 0x100050, 0x20),
    ]
    return kernel
  }

  package static var application: TinyELF {
    var application = TinyELF(
      entry: 0x400000,
      pieces: [
        .init(name: ".text", flags: 6, address: 0x400000, bytes: [0xF3, 0x90, 0xEB, 0xFC]),
        .init(name: ".debug_line", flags: 0, bytes: [UInt8](repeating: 7, count: 500)),
      ],
      segments: [.init(piece: 0, permissions: 5, physicalAddress: 0x400000)])
    application.symbols = [("_start", 0x400000, 4)]
    return application
  }

  package static let manifestText = """
    application: echo
    memory: 64M
    ports: [7]
    forward: 7007:7
    """

  package static func description(
    manifest text: String = manifestText
  ) throws -> ImageDescription {
    ImageDescription(
      defaults: try Manifest(parsing: text, name: "echo", file: "echo.yaml"),
      build: .init(compiler: "Swift 6.3", source: "abc", configuration: "release"))
  }

  /// A whole, valid image.
  package static func image(
    kernel: TinyELF = Fixtures.kernel, application: TinyELF = Fixtures.application,
    content: [UInt8] = [], manifest: String = manifestText
  ) throws -> [UInt8] {
    try ImageComposer.compose(
      kernel: ("kernel", kernel.bytes), application: ("application", application.bytes),
      content: content, description: try description(manifest: manifest))
  }
}
