import Wire

/// The tables by which firmware describes a machine (ACPI 6.5, section 5.2), as far as they lead to its
/// processors.
package enum SystemTable {
  /// Bytes of the header every table begins with.
  package static var headerByteCount: Int { 36 }
  /// Longest table that is read.
  package static var byteCountLimit: Int { 64 << 10 }

  /// Bytes of a whole table, from its header; nil for one of another kind or no plausible length.
  package static func byteCount(of header: RawSpan, signature: UInt32) -> Int? {
    guard header.byteCount >= headerByteCount, header.bigEndian(at: 0) == signature else {
      return nil
    }
    let byteCount = Int(header.littleEndian(at: 4) as UInt32)
    return byteCount >= headerByteCount && byteCount <= byteCountLimit ? byteCount : nil
  }

  /// Bytes of a table add up to zero.
  package static func isIntact(_ table: RawSpan) -> Bool {
    var sum: UInt8 = 0
    for offset in table.byteOffsets { sum &+= table.octet(at: offset) }
    return sum == 0
  }
}

/// Where the list of tables is: the root system description pointer (section 5.2.5.3).
package struct RootTablePointer: BitwiseCopyable, Equatable {
  package static var byteCount: Int { 36 }

  /// Physical address of the RSDT or XSDT.
  package let address: UInt64
  /// Bytes of one address in that table: 8 in an XSDT.
  package let entryByteCount: Int
  /// "RSDT" or "XSDT".
  package let signature: UInt32

  /// Throws `.truncated`, `.malformed` for another signature, and `.checksum`.
  package init(parsing bytes: RawSpan) throws(WireError) {
    guard bytes.byteCount >= Self.byteCount else { throw .truncated }
    guard bytes.bigEndian(at: 0) as UInt64 == 0x5253_4420_5054_5220 else {  // "RSD PTR "
      throw .malformed
    }
    guard SystemTable.isIntact(bytes.extracting(first: 20)) else { throw .checksum }
    let extended: UInt64 = bytes.littleEndian(at: 24)
    if bytes.octet(at: 15) >= 2, extended != 0 {
      guard SystemTable.isIntact(bytes.extracting(first: 36)) else { throw .checksum }
      address = extended
      entryByteCount = 8
      signature = 0x5853_4454
    } else {
      address = UInt64(bytes.littleEndian(at: 16) as UInt32)
      entryByteCount = 4
      signature = 0x5253_4454
    }
  }

  /// The address at `index` of the table's bytes; nil behind its end.
  package func entry(_ index: Int, of table: RawSpan) -> UInt64? {
    let offset = SystemTable.headerByteCount &+ index &* entryByteCount
    guard index >= 0, offset &+ entryByteCount <= table.byteCount else { return nil }
    return entryByteCount == 8
      ? table.littleEndian(at: offset) : UInt64(table.littleEndian(at: offset) as UInt32)
  }
}

/// The processors of a machine by the identifiers of their local interrupt controllers.
package struct ProcessorList: BitwiseCopyable {
  /// Most processors.
  package static var limit: Int { 64 }

  package private(set) var count = 0
  private var identifiers = InlineArray<64, UInt32>(repeating: 0)

  package subscript(index: Int) -> UInt32 {
    precondition(index < count, "no such processor")
    return identifiers.span[index]
  }

  /// Processors numbered from 0, as monitors without tables do, the one this runs on first.
  package init(count: Int, first: UInt32) {
    add(first)
    for identifier in 0..<UInt32(Self.limit) where self.count < count { add(identifier) }
  }

  /// Those that the multiple APIC description table (section 5.2.12) says can be used, the one this
  /// runs on first. `table` is intact.
  package init(parsing table: RawSpan, first: UInt32) {
    add(first)
    var offset = 44
    while offset &+ 2 <= table.byteCount {
      let byteCount = Int(table.octet(at: offset &+ 1))
      guard byteCount >= 2, offset &+ byteCount <= table.byteCount else { return }
      switch table.octet(at: offset) {
      case 0 where byteCount >= 8:  // processor local APIC
        if table.littleEndian(at: offset &+ 4) & 1 as UInt32 != 0 {
          add(UInt32(table.octet(at: offset &+ 3)))
        }
      case 9 where byteCount >= 16:  // processor local x2APIC
        if table.littleEndian(at: offset &+ 8) & 1 as UInt32 != 0 {
          add(table.littleEndian(at: offset &+ 4))
        }
      default: break
      }
      offset &+= byteCount
    }
  }

  /// Adds a processor that is not in the list, while there is room. What xAPIC messages cannot name is
  /// left out.
  private mutating func add(_ identifier: UInt32) {
    guard count < Self.limit, identifier < 255 else { return }
    for index in 0..<count where self[index] == identifier { return }
    identifiers[count] = identifier
    count &+= 1
  }
}
