; The assembly of the guest kernel: what runs before Swift, and the doors between the rings.
;
;   nasm -f elf64 -I Boot/ -o .build/boot/boot.o Boot/boot.asm
;
; The kernel runs at KERNEL_BASE + its physical address. Everything here keeps the System V AMD64
; calling convention where it meets Swift or C; the structures it shares with them are declared,
; with their offsets asserted, in Sources/CX86/include/boot.h.

KERNEL_BASE equ 0xFFFFFFFF80000000

; The physical address of a symbol, for code that runs before paging.
%define physical(symbol) (symbol - KERNEL_BASE)

; Segment selectors of the table in boot.h. SYSRET fixes the order of the user segments.
KERNEL_CODE equ 0x08
KERNEL_DATA equ 0x10
USER_DATA   equ 0x18 | 3
USER_CODE   equ 0x20 | 3
TASK_STATE  equ 0x28

; Offsets in ix_core_block, reached through GS in ring 0.
CORE_KERNEL_STACK equ 0
CORE_USER_STACK   equ 8

default rel

%include "entry.asm"
%include "processors.asm"
%include "segments.asm"
%include "traps.asm"
%include "syscall.asm"
%include "memory.asm"

section .note.GNU-stack noalloc noexec nowrite progbits
