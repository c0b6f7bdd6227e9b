/// Names the function an address lies in, for crash reports.
package struct Symbolizer: Sendable {
  /// By address, at most one symbol each.
  private let symbols: [Symbol]
  /// Addresses where there is code; data is not named.
  private let text: [Range<UInt64>]

  package init(_ files: ELF...) {
    var seen: Set<UInt64> = []
    symbols = files.flatMap(\.symbols)
      .sorted { ($0.address, $1.byteCount) < ($1.address, $0.byteCount) }
      .filter { seen.insert($0.address).inserted }
    text = files.flatMap(\.loadedSegments)
      .filter { $0.permissions.contains(.execute) }
      .map { $0.virtualAddress..<($0.virtualEnd ?? $0.virtualAddress) }
  }

  /// "Kernel.foo() + 0x12", or nil if no symbol of the text covers `address`. A return address may
  /// lie behind the end of its function; the call before it does not.
  package func name(of address: UInt64, isReturnAddress: Bool = false) -> String? {
    let inside = isReturnAddress ? address &- 1 : address
    guard let range = text.first(where: { $0.contains(inside) }),
      let symbol = lastSymbol(upTo: inside), range.contains(symbol.address)
    else { return nil }
    guard symbol.byteCount == 0 || inside - symbol.address < symbol.byteCount else { return nil }
    return "\(demangled(symbol.name)) + \(hexadecimal(address - symbol.address))"
  }

  private func lastSymbol(upTo address: UInt64) -> Symbol? {
    var low = 0
    var high = symbols.count
    while low < high {
      let middle = (low + high) / 2
      if symbols[middle].address <= address { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? symbols[low - 1] : nil
  }
}
