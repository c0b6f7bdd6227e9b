// Writes the images of guests that break the rules of their machine, for the nested tests: whole,
// valid images whose kernel is a few instructions.
//
//   nestedimages FOLDER
import Foundation
import ImageFixtures

/// 32-bit code from the PVH entry on; a guest that survives ends cleanly, which fails the test.
let guests: [(name: String, code: [UInt8])] = [
  ("outside-read", [0xA1, 0x00, 0x00, 0x00, 0xC8]),  // mov eax, [0xC8000000]
  ("outside-write", [0xA3, 0x00, 0x00, 0x00, 0xC8]),  // mov [0xC8000000], eax
  ("outside-execute", [0xB8, 0x00, 0x00, 0x00, 0xC8, 0xFF, 0xE0]),  // mov eax, ...; jmp eax
  // lidt [0x103800], zeros; int3
  ("triple-fault", [0x0F, 0x01, 0x1D, 0x00, 0x38, 0x10, 0x00, 0xCC]),
]
/// mov eax, 0x10; mov edx, 0xF4; out dx, eax; hlt
let cleanExit: [UInt8] = [
  0xB8, 0x10, 0x00, 0x00, 0x00, 0xBA, 0xF4, 0x00, 0x00, 0x00, 0xEF, 0xF4,
]

let folder = CommandLine.arguments.dropFirst().first ?? "."
for guest in guests {
  var kernel = Fixtures.kernel
  let code = guest.code + cleanExit
  kernel.pieces[0].bytes.replaceSubrange(0x10..<(0x10 + code.count), with: code)
  let image = try Fixtures.image(kernel: kernel)
  try Data(image).write(to: URL(fileURLWithPath: "\(folder)/\(guest.name).elf"))
}
