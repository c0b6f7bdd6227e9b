; From the start-up interrupt of another core to Swift.
;
; A core that gets INIT and then SIPI (Intel SDM volume 3A, section 9.4) begins in real mode at a page
; below 1 MiB. Swift copies the code between ix_trampoline_start and ix_trampoline_end there; it works
; at any page. One core starts at a time, with what the kernel has put into the three variables.

section .text.boot
bits 16
global ix_trampoline_start, ix_trampoline_end
ix_trampoline_start:
  cli
  cld
  mov ax, cs
  mov ds, ax
  o32 lgdt [.gdt_pointer - ix_trampoline_start]
  mov eax, cr0
  or al, 1                          ; PE
  mov cr0, eax
  jmp dword FLAT_CODE:physical(core_entry32)
align 4
.gdt_pointer:
  dw flat_gdt_end - flat_gdt - 1
  dd physical(flat_gdt)
ix_trampoline_end:

bits 32
core_entry32:
  mov eax, FLAT_DATA
  mov ds, eax
  mov es, eax
  mov ss, eax
  mov edi, physical(core_entry64)
  jmp ix_enter_long_mode

bits 64
core_entry64:
  mov rax, [ix_start_root]
  mov cr3, rax                      ; the stack is mapped there only
  mov rsp, [ix_start_stack]
  mov rdi, [ix_start_block]
  xor ebp, ebp
  push rbp
  jmp ix_core_main                  ; never returns

extern ix_core_main

FLAT_CODE equ 0x08
FLAT_DATA equ 0x10

section .data
align 8
flat_gdt:
  dq 0
  dq 0x00CF9B000000FFFF             ; 32-bit code, ring 0
  dq 0x00CF93000000FFFF             ; data, ring 0
flat_gdt_end:

align 8
global ix_start_root, ix_start_stack, ix_start_block
ix_start_root: dq 0
ix_start_stack: dq 0
ix_start_block: dq 0
