/* The entry point of every application: remembers the start-up page, gives the heap its memory,
 * starts the library, calls main and exits with what it returns. */
#include "ix.h"

static const ix_startup *startup;

const ix_startup *ix_startup_page(void) { return startup; }

#if !defined(__linux__)
#include "runtime.h"

int main(int argc, char **argv);

/* Of the Swift library, if the application is linked with it: makes this core's state. */
__attribute__((weak)) void ix_library_start(const ix_startup *page);

__attribute__((used, noreturn)) static void ix_start(const ix_startup *page) {
  startup = page;
  ix_heap_initialize(page->heap, page->heap_byte_count);
  if (ix_library_start) ix_library_start(page);
  int status = main(0, 0);
  ix_system_call(IX_SYSCALL_EXIT, (uint64_t)status, 0);
  __builtin_trap();
}

/* The stack pointer is whatever the kernel chose; the frame chain of backtraces ends here. */
__asm__(".globl _start\n"
        ".section .text._start,\"ax\",@progbits\n"
        "_start:\n"
        "  xor %ebp, %ebp\n"
        "  and $-16, %rsp\n"
        "  call ix_start\n"
        "  ud2\n"
        ".text\n");
#endif
