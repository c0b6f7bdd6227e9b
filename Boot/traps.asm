; Exceptions and interrupts: 256 equal stubs, one way into Swift.
;
; A stub leaves the stack as ix_trap_frame (boot.h) and calls `ix_trap`, which returns only when
; the interrupted code may go on.

section .text.traps progbits alloc exec nowrite align=16
bits 64
extern ix_trap

%macro save_registers 0
  push rax
  push rbx
  push rcx
  push rdx
  push rsi
  push rdi
  push rbp
  push r8
  push r9
  push r10
  push r11
  push r12
  push r13
  push r14
  push r15
%endmacro

%macro restore_registers 0
  pop r15
  pop r14
  pop r13
  pop r12
  pop r11
  pop r10
  pop r9
  pop r8
  pop rbp
  pop rdi
  pop rsi
  pop rdx
  pop rcx
  pop rbx
  pop rax
%endmacro

; Offset of the interrupted code segment while a stub has pushed nothing but vector and error code.
%define SAVED_CS 24

; Stub n is at ix_trap_stubs + 16 * n.
global ix_trap_stubs
ix_trap_stubs:
%assign vector 0
%rep 256
  align 16
  ; These push an error code themselves (Intel SDM volume 3, table 7-1; AMD APM for 29 and 30).
  %if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30
  %else
  push qword 0
  %endif
  push qword vector
  %if vector == 1 || vector == 2 || vector == 8 || vector == 18
  jmp near trap_any_state
  %else
  jmp near trap
  %endif
%assign vector vector + 1
%endrep

align 16
trap:
  test byte [rsp + SAVED_CS], 3
  jz .save
  swapgs
.save:
  save_registers
  mov rdi, rsp
  cld
  xor ebp, ebp
  call ix_trap                      ; 22 words have been pushed: the stack is 16-byte aligned
  restore_registers
  test byte [rsp + SAVED_CS], 3
  jz .leave
  swapgs
.leave:
  add rsp, 16
  iretq

; Debug exception, NMI, double fault and machine check arrive on their own stacks, even between
; SYSCALL and SWAPGS: whose GS this is can only be read off the register. Only the first ever returns.
align 16
trap_any_state:
  save_registers
  xor ebx, ebx                      ; whether GS was the application's
  mov ecx, 0xC0000101               ; IA32_GS_BASE: the kernel's lies in the upper half
  rdmsr
  test edx, edx
  js .call
  swapgs
  inc ebx
.call:
  mov rdi, rsp
  cld
  xor ebp, ebp
  call ix_trap
  test ebx, ebx
  jz .leave
  swapgs
.leave:
  restore_registers
  add rsp, 16
  iretq
