/* The CPU itself: privileged registers, identification, time, random numbers. Each function is a
 * single instruction in Swift code. */
#pragma once
#include <stdint.h>

#include "x86.h"

/* ---- Model-specific and control registers ---- */
X86_INLINE uint64_t x86_rdmsr(uint32_t msr) {
  uint32_t low, high;
  __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
  return (uint64_t)high << 32 | low;
}
X86_INLINE void x86_wrmsr(uint32_t msr, uint64_t value) {
  __asm__ volatile("wrmsr"
                   :
                   : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                   : "memory");
}
X86_INLINE uint64_t x86_read_cr2(void) {
  uint64_t value;
  __asm__ volatile("mov %%cr2, %0" : "=r"(value));
  return value;
}
X86_INLINE uint64_t x86_read_cr3(void) {
  uint64_t value;
  __asm__ volatile("mov %%cr3, %0" : "=r"(value));
  return value;
}
X86_INLINE void x86_write_cr3(uint64_t value) {
  __asm__ volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}
X86_INLINE uint64_t x86_read_cr4(void) {
  uint64_t value;
  __asm__ volatile("mov %%cr4, %0" : "=r"(value));
  return value;
}
X86_INLINE void x86_write_cr4(uint64_t value) {
  __asm__ volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}

/* ---- Execution ---- */
X86_INLINE void x86_halt(void) { __asm__ volatile("hlt" : : : "memory"); }
/* Tells the CPU that this is a loop that waits. */
X86_INLINE void x86_pause(void) { __asm__ volatile("pause" : : : "memory"); }
/* Halts with interrupts on, until one has been handled. STI takes effect after the next instruction,
 * so none can slip in between. */
X86_INLINE void x86_wait_for_interrupt(void) {
  __asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
}
/* Halts this core for good. */
__attribute__((noreturn)) X86_INLINE void x86_halt_forever(void) {
  for (;;) __asm__ volatile("cli\n\thlt" : : : "memory");
}
X86_INLINE void x86_disable_interrupts(void) { __asm__ volatile("cli" : : : "memory"); }
/* An exception that finds no descriptor table: the CPU shuts down, the machine resets. */
X86_INLINE void x86_triple_fault(void) {
  struct __attribute__((packed)) {
    uint16_t limit;
    uint64_t base;
  } none = {0, 0};
  __asm__ volatile("lidt %0\n\tint3" : : "m"(none) : "memory");
}

/* ---- Identification ---- */
typedef struct {
  uint32_t eax, ebx, ecx, edx;
} x86_cpuid_result;
X86_INLINE x86_cpuid_result x86_cpuid(uint32_t leaf, uint32_t subleaf) {
  x86_cpuid_result result;
  __asm__ volatile("cpuid"
                   : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
                   : "a"(leaf), "c"(subleaf));
  return result;
}

/* ---- Time ---- */
X86_INLINE uint64_t x86_rdtsc(void) {
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return (uint64_t)high << 32 | low;
}

/* ---- Hardware random numbers: at most one try; only where CPUID has the instruction ---- */
typedef struct {
  uint64_t value;
  uint8_t is_valid;
} x86_random_result;
X86_INLINE x86_random_result x86_rdrand(void) {
  x86_random_result result;
  __asm__ volatile("rdrand %0\n\tsetc %1" : "=r"(result.value), "=qm"(result.is_valid) : : "cc");
  return result;
}
X86_INLINE x86_random_result x86_rdseed(void) {
  x86_random_result result;
  __asm__ volatile("rdseed %0\n\tsetc %1" : "=r"(result.value), "=qm"(result.is_valid) : : "cc");
  return result;
}

/* ---- Assembly functions of Boot/segments.asm ---- */
void ix_load_tables(const void *gdt_pointer, const void *idt_pointer);
_Noreturn void ix_enter_user(uint64_t entry, uint64_t stack, uint64_t argument);

/* Loads GDT, IDT, segment registers and the task register. */
X86_INLINE void ix_load_descriptor_tables(uint64_t gdt, uint16_t gdt_limit, uint64_t idt,
                                         uint16_t idt_limit) {
  struct __attribute__((packed)) {
    uint16_t limit;
    uint64_t base;
  } gdt_pointer = {gdt_limit, gdt}, idt_pointer = {idt_limit, idt};
  ix_load_tables(&gdt_pointer, &idt_pointer);
}
