/// A function of a PCI device, as its bus sees it.
protocol PCIFunctionModel: AnyObject {
  func readConfiguration(at offset: Int, byteCount: Int) -> UInt32
  func writeConfiguration(_ value: UInt32, at offset: Int, byteCount: Int)
  /// Where the function answers now; empty when it does not.
  var addresses: Range<UInt64> { get }
  /// A read of 1, 2, 4 or 8 bytes at `offset` of its range; zero where there is nothing.
  func read(at offset: Int, byteCount: Int) -> UInt64
  func write(_ value: UInt64, at offset: Int, byteCount: Int)
}

/// Bus 0, reached by configuration mechanism #1 (PCI Local Bus 3.0, section 3.2.2.3.2). Every device
/// has one function.
struct PCIBus {
  static let addressPort: UInt64 = 0xCF8
  static let dataPorts: Range<UInt64> = 0xCFC..<0xD00

  /// By device number.
  private let functions: [any PCIFunctionModel]
  private var address: UInt32 = 0

  init(_ functions: [any PCIFunctionModel]) { self.functions = functions }

  mutating func writeAddress(_ value: UInt64, byteCount: Int) {
    // Narrower accesses are to other registers of a PC's chip set.
    if byteCount == 4 { address = UInt32(truncatingIfNeeded: value) }
  }

  func readAddress(byteCount: Int) -> UInt64 {
    byteCount == 4 ? UInt64(address) : .max
  }

  func readData(port: UInt64, byteCount: Int) -> UInt64 {
    guard let (function, offset) = selected(port) else { return .max }
    return UInt64(function.readConfiguration(at: offset, byteCount: byteCount))
  }

  func writeData(_ value: UInt64, port: UInt64, byteCount: Int) {
    guard let (function, offset) = selected(port) else { return }
    function.writeConfiguration(
      UInt32(truncatingIfNeeded: value), at: offset, byteCount: byteCount)
  }

  private func selected(_ port: UInt64) -> (any PCIFunctionModel, Int)? {
    // Enable bit, bus 0, function 0.
    guard address >> 31 == 1, address >> 16 & 0xFF == 0, address >> 8 & 7 == 0 else { return nil }
    let device = Int(address >> 11 & 31)
    guard device < functions.count else { return nil }
    return (functions[device], Int(address & 0xFC) + Int(port - Self.dataPorts.lowerBound))
  }

  /// The function that answers at a memory address, and the offset in its range.
  func target(of address: UInt64) -> (any PCIFunctionModel, Int)? {
    for function in functions {
      let range = function.addresses
      if range.contains(address) { return (function, Int(address - range.lowerBound)) }
    }
    return nil
  }
}

/// The bridge that is device 0 of every PC.
final class HostBridge: PCIFunctionModel {
  private var space = PCIConfigurationSpace(
    vendor: 0x8086, device: 0x1237, classCode: 0x06_00_00, revision: 2, subsystem: 0)

  var addresses: Range<UInt64> { 0..<0 }
  func readConfiguration(at offset: Int, byteCount: Int) -> UInt32 {
    space.read(at: offset, byteCount: byteCount)
  }
  func writeConfiguration(_ value: UInt32, at offset: Int, byteCount: Int) {
    space.write(value, at: offset, byteCount: byteCount)
  }
  func read(at offset: Int, byteCount: Int) -> UInt64 { 0 }
  func write(_ value: UInt64, at offset: Int, byteCount: Int) {}
}
