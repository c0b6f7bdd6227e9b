/* What the assembly in Boot/ and the linker script share with Swift. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "x86.h"

/* Registers at the moment of a trap, in the order Boot/traps.asm pushes them. */
typedef struct {
  uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
  uint64_t vector, error_code;
  uint64_t rip, cs, rflags, rsp, ss;
} ix_trap_frame;
_Static_assert(sizeof(ix_trap_frame) == 22 * 8, "the stack stays 16-byte aligned");

/* Task-state segment, 64-bit format (Intel SDM volume 3, figure 9-11). Its 64-bit fields lie at odd
 * multiples of four, so it starts four bytes into this structure. */
typedef struct {
  uint32_t padding;
  uint32_t reserved0;
  uint64_t stacks[3];
  uint64_t reserved1;
  uint64_t interrupt_stacks[7];
  uint64_t reserved2;
  uint16_t reserved3;
  uint16_t permission_map_offset;
} ix_task_state;
#define IX_TASK_STATE_BYTE_COUNT 104
_Static_assert(offsetof(ix_task_state, permission_map_offset) == 4 + 102, "as the CPU reads it");

/* One core's private block; ring 0 reaches it through GS. */
typedef struct {
  uint64_t kernel_stack;  /* empty stack for system calls and traps from ring 3 */
  uint64_t user_stack;    /* scratch of the system-call gate */
  uint64_t context;       /* kernel address of the Swift state */
  uint32_t index;
  uint32_t is_reporting;  /* a fault is being reported: another one stops at once */
  uint64_t segments[8];   /* global descriptor table */
  uint64_t stack_start;   /* lowest address of the kernel stack; a guard page lies below */
  uint64_t self;          /* address of this block */
  uint32_t is_started;    /* the core runs */
  uint32_t reserved0;
  uint64_t reserved1;
  ix_task_state task_state;
} ix_core_block;
_Static_assert(offsetof(ix_core_block, kernel_stack) == 0, "CORE_KERNEL_STACK in boot.asm");
_Static_assert(offsetof(ix_core_block, user_stack) == 8, "CORE_USER_STACK in boot.asm");
_Static_assert(sizeof(ix_core_block) <= 256, "reserved in memory.asm");

/* Where in a core block the CPU's own tables start. */
X86_INLINE uint64_t ix_core_segments_offset(void) { return offsetof(ix_core_block, segments); }
X86_INLINE uint64_t ix_core_task_state_offset(void) {
  return offsetof(ix_core_block, task_state) + offsetof(ix_task_state, reserved0);
}

/* The `context` of the core this runs on. */
X86_INLINE uint64_t ix_core_context(void) {
  uint64_t value;
  __asm__("movq %%gs:%c1, %0" : "=r"(value) : "i"(offsetof(ix_core_block, context)));
  return value;
}

/* The number of the core this runs on. */
X86_INLINE uint32_t ix_core_index(void) {
  uint32_t value;
  __asm__("movl %%gs:%c1, %0" : "=r"(value) : "i"(offsetof(ix_core_block, index)));
  return value;
}
/* The lowest address of the kernel stack of the core this runs on. */
X86_INLINE uint64_t ix_core_stack_start(void) {
  uint64_t value;
  __asm__("movq %%gs:%c1, %0" : "=r"(value) : "i"(offsetof(ix_core_block, stack_start)));
  return value;
}
/* The first address above it. */
X86_INLINE uint64_t ix_core_stack_end(void) {
  uint64_t value;
  __asm__("movq %%gs:%c1, %0" : "=r"(value) : "i"(offsetof(ix_core_block, kernel_stack)));
  return value;
}
/* The address of the block of the core this runs on. */
X86_INLINE uint64_t ix_core_block_address(void) {
  uint64_t value;
  __asm__("movq %%gs:%c1, %0" : "=r"(value) : "i"(offsetof(ix_core_block, self)));
  return value;
}

/* What the next core to start finds (Boot/processors.asm). */
extern uint64_t ix_start_root, ix_start_stack, ix_start_block;
X86_INLINE void ix_prepare_start(uint64_t root, uint64_t stack, uint64_t block) {
  ix_start_root = root;
  ix_start_stack = stack;
  __atomic_store_n(&ix_start_block, block, __ATOMIC_RELEASE);
}

/* Where `ixlaunch build` put the application and its content, in the section .ix.descriptor of the kernel.
 * Little endian. An image that was not composed has zeros here. */
typedef struct {
  uint8_t magic[8];               /* "IXIMAGE1" */
  uint32_t abi_version;           /* IX_ABI_VERSION the application was built for */
  uint32_t reserved0;
  uint64_t application_address;   /* physical */
  uint64_t application_byte_count;
  uint32_t application_crc32;     /* IEEE 802.3 polynomial, as zlib's crc32() */
  uint32_t reserved1;
  uint64_t content_address;       /* physical */
  uint64_t content_byte_count;    /* 0: this image has no content */
  uint32_t reserved2[2];
} ix_image_descriptor_layout;
_Static_assert(sizeof(ix_image_descriptor_layout) == 64, "reserved in memory.asm");

/* Values stored before Swift ran. */
extern uint64_t boot_start_info, boot_entry_ticks;

/* Physical address of hvm_start_info. */
X86_INLINE uint64_t ix_start_info(void) { return boot_start_info; }
/* The time-stamp counter at the first instruction of the guest. */
X86_INLINE uint64_t ix_entry_ticks(void) { return boot_entry_ticks; }

/* Addresses of symbols, as numbers. */
#define IX_ADDRESS_OF(function, symbol) \
  extern char symbol[];                 \
  X86_INLINE uint64_t function(void) { return (uint64_t)symbol; }

IX_ADDRESS_OF(ix_address_of_kernel_start, __kernel_start)
IX_ADDRESS_OF(ix_address_of_text_end, __text_end)
IX_ADDRESS_OF(ix_address_of_rodata_end, __rodata_end)
IX_ADDRESS_OF(ix_address_of_data_end, __data_end)
IX_ADDRESS_OF(ix_address_of_kernel_end, __kernel_end)
IX_ADDRESS_OF(ix_address_of_stacks_start, ix_stacks_start)
IX_ADDRESS_OF(ix_address_of_boot_core, ix_boot_core)
IX_ADDRESS_OF(ix_address_of_console_lock, ix_console_lock)
IX_ADDRESS_OF(ix_address_of_report_lock, ix_report_lock)
IX_ADDRESS_OF(ix_address_of_interrupt_descriptors, ix_interrupt_descriptors)
IX_ADDRESS_OF(ix_address_of_trap_stubs, ix_trap_stubs)
IX_ADDRESS_OF(ix_address_of_syscall_entry, ix_syscall_entry)
IX_ADDRESS_OF(ix_address_of_trampoline_start, ix_trampoline_start)
IX_ADDRESS_OF(ix_address_of_trampoline_end, ix_trampoline_end)
IX_ADDRESS_OF(ix_address_of_image_descriptor, ix_image_descriptor)

/* Bytes of memory.asm that Swift needs to know. */
#define IX_KERNEL_STACK_BYTE_COUNT (256 * 1024)
#define IX_INTERRUPT_STACK_COUNT 4
#define IX_INTERRUPT_STACK_BYTE_COUNT (16 * 1024)
#define IX_GUARD_BYTE_COUNT 4096
