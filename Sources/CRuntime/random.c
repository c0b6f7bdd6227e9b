/* arc4random_buf for applications: seeds of hash tables. RDRAND is not privileged. */
#if !defined(__linux__)
#include "include/runtime.h"

static int has_rdrand(void) {
  uint32_t eax = 1, ebx, ecx = 0, edx;
  __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
  return (ecx >> 30) & 1;
}

static uint64_t random_word(int is_hardware) {
  for (int attempt = 0; is_hardware && attempt < 10; attempt++) {
    uint64_t value;
    uint8_t is_valid;
    __asm__ volatile("rdrand %0\n\tsetc %1" : "=r"(value), "=qm"(is_valid) : : "cc");
    if (is_valid) return value;
  }
  /* Without hardware: the time-stamp counter through SplitMix64. */
  static uint64_t state;
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  state += (((uint64_t)high << 32 | low) | 1) * 0x9E3779B97F4A7C15u;
  uint64_t mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
  return mixed ^ (mixed >> 31);
}

__attribute__((used)) void arc4random_buf(void *buffer, size_t byte_count) {
  unsigned char *bytes = buffer;
  int is_hardware = has_rdrand();
  for (size_t at = 0; at < byte_count; at += 8) {
    uint64_t word = random_word(is_hardware);
    for (size_t index = at; index < byte_count && index < at + 8; index++, word >>= 8)
      bytes[index] = (unsigned char)word;
  }
}
#endif
