; Loading the final segment registers and descriptor tables of a core.

section .text.segments progbits alloc exec nowrite align=16
bits 64

; void ix_load_tables(const void *gdt_pointer, const void *idt_pointer)
;
; The arguments are the ten bytes LGDT and LIDT take. The task-state segment is at TASK_STATE.
global ix_load_tables
ix_load_tables:
  lgdt [rdi]
  lidt [rsi]
  pop rdx
  push qword KERNEL_CODE
  push rdx
  mov eax, KERNEL_DATA
  mov ds, eax
  mov es, eax
  mov ss, eax
  mov eax, TASK_STATE
  ltr ax
  retfq

; _Noreturn void ix_enter_user(uint64_t entry, uint64_t stack, uint64_t argument)
;
; Starts ring 3 with `argument` in rdi and nothing of the kernel in any other register.
global ix_enter_user
ix_enter_user:
  cli
  push qword USER_DATA
  push rsi
  push qword 0x202                  ; IF and the bit that is always set
  push qword USER_CODE
  push rdi
  mov rdi, rdx
  mov eax, USER_DATA
  mov ds, eax
  mov es, eax
  fninit
  xor eax, eax
  xor ebx, ebx
  xor ecx, ecx
  xor edx, edx
  xor esi, esi
  xor ebp, ebp
  xor r8d, r8d
  xor r9d, r9d
  xor r10d, r10d
  xor r11d, r11d
  xor r12d, r12d
  xor r13d, r13d
  xor r14d, r14d
  xor r15d, r15d
  swapgs
  iretq
