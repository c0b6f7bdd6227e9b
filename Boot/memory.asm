; Memory whose place matters: the boot core's stacks with guard pages and its block, the image descriptor.

KERNEL_STACK_BYTES    equ 256 * 1024  ; debug builds are generous with stack
INTERRUPT_STACK_BYTES equ 16 * 1024
INTERRUPT_STACKS      equ 4           ; #DB, NMI, #DF, #MC
GUARD_BYTES           equ 4096

; Swift leaves the guard pages out of the final page tables.
section .stacks nobits alloc noexec write align=4096
global ix_stacks_start
ix_stacks_start:
  resb GUARD_BYTES
  resb KERNEL_STACK_BYTES
ix_kernel_stack_end:
%rep INTERRUPT_STACKS
  resb GUARD_BYTES
  resb INTERRUPT_STACK_BYTES
%endrep

section .bss
alignb 64
global ix_boot_core, ix_interrupt_descriptors, ix_console_lock, ix_report_lock
ix_boot_core: resb 256
ix_interrupt_descriptors: resb 256 * 16
ix_console_lock: resb 64
ix_report_lock: resb 64

; Where the application is; written into the image by `ixlaunch build` (boot.h).
section .ix.descriptor progbits alloc noexec nowrite align=64
global ix_image_descriptor
ix_image_descriptor: times 64 db 0
