/* Instructions Swift cannot express. */
#pragma once
#include <stdint.h>

#define X86_INLINE static inline __attribute__((always_inline))

/* ---- Device memory -------------------------------------------------------------------------
 * Exactly one access of exactly this width, in program order among themselves. */
X86_INLINE uint8_t x86_device_read8(const void *_Nonnull p) { return *(const volatile uint8_t *)p; }
X86_INLINE uint16_t x86_device_read16(const void *_Nonnull p) {
  return *(const volatile uint16_t *)p;
}
X86_INLINE uint32_t x86_device_read32(const void *_Nonnull p) {
  return *(const volatile uint32_t *)p;
}
X86_INLINE uint64_t x86_device_read64(const void *_Nonnull p) {
  return *(const volatile uint64_t *)p;
}
X86_INLINE void x86_device_write8(void *_Nonnull p, uint8_t v) { *(volatile uint8_t *)p = v; }
X86_INLINE void x86_device_write16(void *_Nonnull p, uint16_t v) { *(volatile uint16_t *)p = v; }
X86_INLINE void x86_device_write32(void *_Nonnull p, uint32_t v) { *(volatile uint32_t *)p = v; }
X86_INLINE void x86_device_write64(void *_Nonnull p, uint64_t v) { *(volatile uint64_t *)p = v; }

/* ---- Memory shared with a device or another core -------------------------------------------
 * On x86 loads are not reordered with loads nor stores with stores (SDM volume 3A, section 8.2),
 * so acquire and release only bind the compiler: plain moves. */
X86_INLINE uint16_t x86_load_acquire16(const void *_Nonnull p) {
  return __atomic_load_n((const uint16_t *)p, __ATOMIC_ACQUIRE);
}
X86_INLINE void x86_store_release16(void *_Nonnull p, uint16_t v) {
  __atomic_store_n((uint16_t *)p, v, __ATOMIC_RELEASE);
}
X86_INLINE uint32_t x86_load_acquire32(const void *_Nonnull p) {
  return __atomic_load_n((const uint32_t *)p, __ATOMIC_ACQUIRE);
}
X86_INLINE void x86_store_release32(void *_Nonnull p, uint32_t v) {
  __atomic_store_n((uint32_t *)p, v, __ATOMIC_RELEASE);
}
/* Takes a lock of the slow paths: true when it was free. Locked, so never on a packet's path. */
X86_INLINE uint32_t x86_try_lock(void *_Nonnull p) {
  return __atomic_exchange_n((uint32_t *)p, 1, __ATOMIC_ACQUIRE) == 0;
}
/* Every earlier store is visible before any later load is performed: the one reordering x86 does. */
X86_INLINE void x86_fence(void) { __asm__ volatile("mfence" ::: "memory"); }
X86_INLINE void x86_compiler_barrier(void) { __asm__ volatile("" ::: "memory"); }

/* ---- Port I/O (ring 0, or with I/O permission) --------------------------------------------- */
X86_INLINE uint8_t x86_port_read8(uint16_t port) {
  uint8_t v;
  __asm__ volatile("inb %w1, %b0" : "=a"(v) : "Nd"(port) : "memory");
  return v;
}
X86_INLINE uint16_t x86_port_read16(uint16_t port) {
  uint16_t v;
  __asm__ volatile("inw %w1, %w0" : "=a"(v) : "Nd"(port) : "memory");
  return v;
}
X86_INLINE uint32_t x86_port_read32(uint16_t port) {
  uint32_t v;
  __asm__ volatile("inl %w1, %k0" : "=a"(v) : "Nd"(port) : "memory");
  return v;
}
X86_INLINE void x86_port_write8(uint16_t port, uint8_t v) {
  __asm__ volatile("outb %b0, %w1" : : "a"(v), "Nd"(port) : "memory");
}
X86_INLINE void x86_port_write16(uint16_t port, uint16_t v) {
  __asm__ volatile("outw %w0, %w1" : : "a"(v), "Nd"(port) : "memory");
}
X86_INLINE void x86_port_write32(uint16_t port, uint32_t v) {
  __asm__ volatile("outl %k0, %w1" : : "a"(v), "Nd"(port) : "memory");
}
