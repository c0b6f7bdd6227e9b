#if hasFeature(Embedded)
  import CX86

  /// Switches on what keeps ring 0 from using ring 3's memory by mistake. Write protection in ring 0
  /// (CR0.WP) and no-execute pages (EFER.NXE) are on since Boot/entry.asm.
  func protectCore(_ features: CPUFeatures) {
    var control = x86_read_cr4()
    if features.hasUMIP { control |= 1 << 11 }
    if features.hasSMEP { control |= 1 << 20 }
    if features.hasSMAP { control |= 1 << 21 }
    x86_write_cr4(control)
  }

  /// Says what `protectCore` switches on.
  func announceProtection(_ features: CPUFeatures) {
    Console.write("ix: protection:")
    if features.hasNoExecute { Console.write(" nx") }
    if features.hasSMEP { Console.write(" smep") }
    if features.hasSMAP { Console.write(" smap") }
    if features.hasUMIP { Console.write(" umip") }
    Console.write("\n")
  }
#endif
