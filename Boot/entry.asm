; From the virtual machine monitor to Swift.
;
; PVH (xen/include/public/arch-x86/hvm/start_info.h): the monitor finds the entry point in an ELF
; note and jumps to it in 32-bit protected mode, paging off, interrupts off, with the physical
; address of hvm_start_info in EBX.

section .note.Xen note alloc noexec nowrite align=4
  dd 4, 4, 18                       ; name size, descriptor size, XEN_ELFNOTE_PHYS32_ENTRY
  db "Xen", 0
  dd physical(ix_pvh_entry)

section .text.boot progbits alloc exec nowrite align=16
bits 32
global ix_pvh_entry
ix_pvh_entry:
  cli
  cld
  mov [physical(boot_start_info)], ebx
  rdtsc
  mov [physical(boot_entry_ticks)], eax
  mov [physical(boot_entry_ticks) + 4], edx
  mov edi, physical(boot_core_entry)

; To `edi`, the physical address of 64-bit code, with the page tables below: how every core leaves
; 32-bit mode.
global ix_enter_long_mode
ix_enter_long_mode:
  mov eax, 0x80000001               ; CPUID: extended features
  cpuid
  mov esi, edx
  and esi, 1 << 20                  ; NX
  shr esi, 20 - 11                  ; EFER.NXE where the CPU has it

  mov eax, 1 << 5 | 1 << 9 | 1 << 10  ; PAE, OSFXSR, OSXMMEXCPT: ring 3 uses SSE
  mov cr4, eax
  mov eax, physical(boot_root)
  mov cr3, eax
  mov ecx, 0xC0000080               ; IA32_EFER
  rdmsr
  or eax, 1 << 8 | 1 << 0           ; LME, SCE
  or eax, esi
  wrmsr
  mov eax, 1 << 31 | 1 << 16 | 1 << 5 | 1 << 4 | 1 << 1 | 1 << 0  ; PG WP NE ET MP PE
  mov cr0, eax                      ; and EM, TS, CD, NW off
  lgdt [physical(boot_gdt_pointer)]
  jmp KERNEL_CODE:physical(entry64)

bits 64
entry64:
  mov eax, KERNEL_DATA
  mov ds, eax
  mov es, eax
  mov ss, eax
  xor eax, eax
  mov fs, eax
  mov gs, eax
  mov eax, edi
  mov rdi, KERNEL_BASE
  add rax, rdi
  jmp rax                           ; in the higher half

boot_core_entry:
  mov rsp, ix_kernel_stack_end
  xor ebp, ebp                      ; ends every backtrace
  push rbp                          ; return address of the outermost frame
  jmp Kernel_main                   ; never returns

extern Kernel_main

section .data
align 8
global boot_start_info, boot_entry_ticks
boot_start_info: dq 0
boot_entry_ticks: dq 0

align 8
boot_gdt:
  dq 0
  dq 0x00AF9B000000FFFF             ; 64-bit code, ring 0
  dq 0x00CF93000000FFFF             ; data, ring 0
boot_gdt_pointer:
  dw $ - boot_gdt - 1
  dd physical(boot_gdt)

; Page tables until Swift has built better ones: the first GiB three times over. At its own address
; for the switch to paging, at DIRECT_MAP (PML4 entry 256) for Swift to read and write memory, and
; at KERNEL_BASE (entry 511, 510) to run.
align 4096
boot_root:
  dq physical(boot_low) + 3         ; present, writable
  times 255 dq 0
  dq physical(boot_low) + 3
  times 254 dq 0
  dq physical(boot_high) + 3
boot_low:
  dq physical(boot_pages) + 3
  times 511 dq 0
boot_high:
  times 510 dq 0
  dq physical(boot_pages) + 3
  dq 0
boot_pages:
%assign page 0
%rep 512
  dq page * 0x200000 + 0x83         ; present, writable, 2 MiB
%assign page page + 1
%endrep
