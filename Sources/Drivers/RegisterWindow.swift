import Wire

/// A device's registers, by offset. Drivers are generic over the window, so the same driver runs on
/// mapped device memory and on the recording fake of the tests.
///
/// Every call is one access of exactly that width, in program order. Offsets are in bytes and the
/// caller keeps them inside the window.
package protocol RegisterWindow {
  /// Bytes of the window.
  var byteCount: Int { get }

  func read8(at offset: Int) -> UInt8
  func read16(at offset: Int) -> UInt16
  func read32(at offset: Int) -> UInt32
  func write8(_ value: UInt8, at offset: Int)
  func write16(_ value: UInt16, at offset: Int)
  func write32(_ value: UInt32, at offset: Int)
}

/// An integer of a width registers have.
package protocol RegisterBits: FixedWidthInteger, BitwiseCopyable {
  static func read(from window: borrowing some RegisterWindow, at offset: Int) -> Self
  func write(to window: borrowing some RegisterWindow, at offset: Int)
}

extension UInt8: RegisterBits {
  @inline(__always)
  package static func read(from window: borrowing some RegisterWindow, at offset: Int) -> Self {
    window.read8(at: offset)
  }
  @inline(__always)
  package func write(to window: borrowing some RegisterWindow, at offset: Int) {
    window.write8(self, at: offset)
  }
}

extension UInt16: RegisterBits {
  @inline(__always)
  package static func read(from window: borrowing some RegisterWindow, at offset: Int) -> Self {
    window.read16(at: offset)
  }
  @inline(__always)
  package func write(to window: borrowing some RegisterWindow, at offset: Int) {
    window.write16(self, at: offset)
  }
}

extension UInt32: RegisterBits {
  @inline(__always)
  package static func read(from window: borrowing some RegisterWindow, at offset: Int) -> Self {
    window.read32(at: offset)
  }
  @inline(__always)
  package func write(to window: borrowing some RegisterWindow, at offset: Int) {
    window.write32(self, at: offset)
  }
}

/// Where a register is, and the integer it holds.
package struct Register<Bits: RegisterBits>: BitwiseCopyable, Sendable {
  /// Bytes from the start of the window.
  package let offset: Int
  @inline(__always)
  package init(at offset: Int) { self.offset = offset }
}

/// Where a register of named bits is.
package struct FlagRegister<Flags: FlagSet>: BitwiseCopyable, Sendable
where Flags.RawValue: RegisterBits {
  /// Bytes from the start of the window.
  package let offset: Int
  @inline(__always)
  package init(at offset: Int) { self.offset = offset }
}

extension RegisterWindow {
  @inline(__always)
  package func read<Bits>(_ register: Register<Bits>) -> Bits {
    Bits.read(from: self, at: register.offset)
  }
  @inline(__always)
  package func write<Bits>(_ value: Bits, to register: Register<Bits>) {
    value.write(to: self, at: register.offset)
  }
  @inline(__always)
  package func read<Flags>(_ register: FlagRegister<Flags>) -> Flags {
    Flags(rawValue: Flags.RawValue.read(from: self, at: register.offset))
  }
  @inline(__always)
  package func write<Flags>(_ value: Flags, to register: FlagRegister<Flags>) {
    value.rawValue.write(to: self, at: register.offset)
  }
}
