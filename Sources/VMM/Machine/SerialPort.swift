/// The transmitting half of a 16550 UART at the PC's first port: what the guest writes is passed on
/// at once, so it is always ready.
struct SerialPort {
  static let ports: Range<UInt64> = 0x3F8..<0x400
  private static let byteLimit = 1024

  private enum Offset {
    /// THR, and DLL while `DLAB` is set.
    static let data: UInt64 = 0
    static let interruptEnable: UInt64 = 1
    static let interruptIdentity: UInt64 = 2
    static let lineControl: UInt64 = 3
    static let modemControl: UInt64 = 4
    static let lineStatus: UInt64 = 5
    static let modemStatus: UInt64 = 6
    static let scratch: UInt64 = 7
  }

  private let output: @Sendable ([UInt8]) -> Void
  private var pending: [UInt8] = []
  private var registers = [UInt8](repeating: 0, count: 8)

  init(output: @escaping @Sendable ([UInt8]) -> Void) { self.output = output }

  mutating func write(_ value: UInt8, at port: UInt64) {
    let offset = port - Self.ports.lowerBound
    let isDivisor = registers[Int(Offset.lineControl)] & 0x80 != 0
    guard offset == Offset.data, !isDivisor else {
      registers[Int(offset)] = value
      return
    }
    pending.append(value)
    if value == UInt8(ascii: "\n") || pending.count >= Self.byteLimit { flush() }
  }

  /// THRE and TEMT: empty and idle. No interrupt is ever pending, and no modem is there.
  mutating func read(at port: UInt64) -> UInt8 {
    let offset = port - Self.ports.lowerBound
    switch offset {
    case Offset.data: return 0
    case Offset.interruptIdentity: return 0xC1
    case Offset.lineStatus: return 0x60
    case Offset.modemStatus: return 0xB0
    default: return registers[Int(offset)]
    }
  }

  /// Passes on what has not ended with a line feed.
  mutating func flush() {
    guard !pending.isEmpty else { return }
    output(pending)
    pending.removeAll(keepingCapacity: true)
  }
}
