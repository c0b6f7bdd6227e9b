/* System calls of an IX application, and where it finds its arrays. See ix_abi.h for the contract. */
#pragma once
#include "ix_abi.h"

#if !defined(__linux__)
/* A direct system call; rcx and r11 are lost, everything else is kept. */
static inline __attribute__((always_inline)) int64_t
ix_system_call(uint64_t number, uint64_t a, uint64_t b) {
  int64_t result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b) : "rcx", "r11", "memory");
  return result;
}
#else
/* Applications exist only in a guest; this lets a host compile and check them. */
static inline int64_t ix_system_call(uint64_t number, uint64_t a, uint64_t b) {
  (void)number, (void)a, (void)b;
  return IX_UNKNOWN_CALL;
}
#endif

/* The page the kernel passed at the entry point; valid from then on. */
const ix_startup *ix_startup_page(void);
