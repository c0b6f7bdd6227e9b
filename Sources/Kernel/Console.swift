#if hasFeature(Embedded)
  import CX86
  import Wire

  /// The serial console: a 16550 UART at the PC's first port. Keeps no state, allocates nothing, and
  /// gives up on a UART that is absent or stuck.
  enum Console {
    private static var port: UInt16 { 0x3F8 }
    /// LSR, line status register.
    private static var lineStatus: UInt16 { port + 5 }
    /// THRE: the transmit FIFO, 16 bytes, is empty.
    private static var holdingRegisterEmpty: UInt8 { 1 << 5 }
    /// TEMT: the last bit has left.
    private static var transmitterEmpty: UInt8 { 1 << 6 }

    /// 115200 baud, 8 data bits, no parity, 1 stop bit, FIFOs on, no interrupts.
    static func start() {
      x86_port_write8(port + 1, 0)
      x86_port_write8(port + 3, 0x80)  // DLAB: the next two are the divisor
      x86_port_write8(port, 1)
      x86_port_write8(port + 1, 0)
      x86_port_write8(port + 3, 0x03)
      x86_port_write8(port + 2, 0x07)
    }

    static func write(byte: UInt8) {
      guard waits(for: holdingRegisterEmpty) else { return }
      x86_port_write8(port, byte)
    }

    static func write(_ bytes: RawSpan) {
      var room = 0
      for offset in bytes.byteOffsets {
        if room == 0 {
          guard waits(for: holdingRegisterEmpty) else { return }
          room = 16
        }
        x86_port_write8(port, bytes.octet(at: offset))
        room &-= 1
      }
    }

    /// Waits until everything written has left.
    static func drain() { _ = waits(for: transmitterEmpty) }

    /// False when the UART does not become ready within about a tenth of a second, or is absent:
    /// then every bit reads as one.
    private static func waits(for flag: UInt8) -> Bool {
      for _ in 0..<100_000 {
        let status = x86_port_read8(lineStatus)
        guard status != 0xFF else { return false }
        if status & flag != 0 { return true }
      }
      return false
    }
  }

  // Cores take turns at whole pieces of text. This is the one thing they wait for each other for, and
  // no packet's path leads here.
  extension Console {
    /// Begins a piece; waits while another core writes one, but not for ever: it may have stopped.
    static func begin() {
      for _ in 0..<10_000_000 {
        if Lock.console.take() { return }
        x86_pause()
      }
    }

    static func end() { Lock.console.release() }
  }

  /// Where the standard library prints: in debug builds, why it stops.
  @c(putchar)
  func putCharacter(_ character: CInt) -> CInt {
    Console.write(byte: UInt8(truncatingIfNeeded: character))
    return character
  }
#endif
