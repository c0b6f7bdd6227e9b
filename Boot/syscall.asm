; SYSCALL: from ring 3 into Swift and back, with the registers promised by ix_abi.h.

section .text.syscall progbits alloc exec nowrite align=64
bits 64
extern ix_system_call, ix_bad_return

; rax: number; rdi, rsi, rdx: arguments; rcx: return address; r11: flags. Interrupts are off
; (IA32_FMASK). Ring 0 is compiled without SSE, so vector registers need no saving; Swift keeps
; rbx, rbp and r12 to r15.
global ix_syscall_entry
ix_syscall_entry:
  swapgs
  mov [gs:CORE_USER_STACK], rsp
  mov rsp, [gs:CORE_KERNEL_STACK]
  push qword [gs:CORE_USER_STACK]
  push rcx
  push r11
  push rdi
  push rsi
  push rdx
  push r8
  push r9
  push r10
  push rbp
  xor ebp, ebp                      ; a backtrace of the kernel ends here
  mov rcx, rdx
  mov rdx, rsi
  mov rsi, rdi
  mov rdi, rax
  call ix_system_call
  pop rbp
  pop r10
  pop r9
  pop r8
  pop rdx
  pop rsi
  pop rdi
  pop r11
  pop rcx
  ; SYSRET to a non-canonical address faults in ring 0 with the user's stack on some CPUs (Intel
  ; SDM, SYSRET). The only one possible is the end of the lower half.
  bt rcx, 47
  jc .bad_return
  pop rsp
  swapgs
  o64 sysret
.bad_return:
  mov rdi, rcx
  sub rsp, 8
  and rsp, -16
  call ix_bad_return
  ud2
