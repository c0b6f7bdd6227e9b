#if hasFeature(Embedded)
  import CX86
  import Dataplane
  import Packets
  import Wire

  /// What the virtual machine monitor and the launcher told us, checked and copied: the memory they
  /// wrote it to is used for other things afterwards.
  struct BootInformation {
    /// All of RAM.
    let memory: MemoryMap
    /// Physical address of the pointer to the firmware's tables; 0 when it has to be searched.
    let tables: UInt64
    let options: BootOptions
    private let line: CommandLine

    /// The application's arguments.
    var arguments: RawSpan {
      @_lifetime(borrow self)
      borrowing get { line.bytes.extracting(options.arguments) }
    }

    /// Reads `hvm_start_info` while the page tables of Boot/entry.asm are in force.
    static func read() -> BootInformation {
      let start = bytes(at: ix_start_info(), byteCount: StartInfo.byteCount)
      guard let info = try? StartInfo(parsing: start) else {
        refuse("the monitor passed no PVH start information with a memory map")
      }
      let entries = bytes(
        at: info.memoryMap, byteCount: info.memoryMapCount &* StartInfo.entryByteCount)
      var line = CommandLine()
      let byteCount = copyCommandLine(at: info.commandLine, to: &line)
      let options = parse(line.bytes.extracting(first: byteCount))
      return BootInformation(
        memory: MemoryMap(parsing: entries), tables: info.tables, options: options, line: line)
    }

    private static func parse(_ line: RawSpan) -> BootOptions {
      do {
        return try BootOptions(parsing: line)
      } catch {
        Console.write("ix: command line: ")
        switch error.reason {
        case .unknown: Console.write("unknown option ")
        case .malformed: Console.write("bad value in ")
        case .repeated: Console.write("given twice: ")
        }
        Console.write(line.extracting(error.word))
        Console.write("\n")
        stop(.badConfiguration)
      }
    }

    private static func copyCommandLine(at address: UInt64, to line: inout CommandLine)
      -> Int
    {
      guard address != 0 else { return 0 }
      for index in 0..<CommandLine.limit {
        let byte = bytes(at: address &+ UInt64(index), byteCount: 1).octet(at: 0)
        guard byte != 0 else { return index }
        line.text[index] = byte
      }
      refuse("the command line is longer than 1023 bytes")
    }

    @_lifetime(immortal)
    private static func bytes(at address: UInt64, byteCount: Int) -> RawSpan {
      guard address < Layout.bootMapByteCount &- UInt64(byteCount) else {
        refuse("the monitor passed start information above 1 GiB")
      }
      return physicalBytes(at: address, byteCount: byteCount)
    }
  }
#endif
