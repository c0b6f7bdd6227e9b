/* memset, memcpy, memmove and memcmp for both rings. No vector registers: the kernel has none.
 *
 * Small sizes, the usual case for values and headers, use two overlapping accesses; large ones the
 * string instructions, eight bytes at a time. */
#include "include/runtime.h"

#if defined(__linux__)
#define memset ix_memset
#define memcpy ix_memcpy
#define memmove ix_memmove
#define memcmp ix_memcmp
#endif

typedef uint16_t __attribute__((aligned(1), may_alias)) word16;
typedef uint32_t __attribute__((aligned(1), may_alias)) word32;
typedef uint64_t __attribute__((aligned(1), may_alias)) word64;

/* From here on the string instructions win over a loop. */
enum { STRING_THRESHOLD = 256 };

__attribute__((used)) void *memset(void *destination, int value, size_t count) {
  unsigned char *to = destination;
  uint64_t pattern = 0x0101010101010101u * (unsigned char)value;
  if (count >= 8) {
    if (count < STRING_THRESHOLD) {
      for (size_t at = 0; at + 8 < count; at += 8) *(word64 *)(to + at) = pattern;
    } else {
      size_t words = count / 8;
      unsigned char *cursor = to;
      __asm__ volatile("rep stosq" : "+D"(cursor), "+c"(words) : "a"(pattern) : "memory");
    }
    *(word64 *)(to + count - 8) = pattern;
  } else if (count >= 4) {
    *(word32 *)to = (uint32_t)pattern;
    *(word32 *)(to + count - 4) = (uint32_t)pattern;
  } else {
    for (size_t at = 0; at < count; at++) to[at] = (unsigned char)value;
  }
  return destination;
}

/* At most 32 bytes, which may overlap: everything is read before anything is written. */
static inline void copy_small(unsigned char *to, const unsigned char *from, size_t count) {
  if (count > 16) {
    const unsigned char *from_end = from + count - 16;
    unsigned char *to_end = to + count - 16;
    uint64_t a = *(const word64 *)from, b = *(const word64 *)(from + 8);
    uint64_t c = *(const word64 *)from_end, d = *(const word64 *)(from_end + 8);
    *(word64 *)to = a;
    *(word64 *)(to + 8) = b;
    *(word64 *)to_end = c;
    *(word64 *)(to_end + 8) = d;
  } else if (count >= 8) {
    uint64_t first = *(const word64 *)from, last = *(const word64 *)(from + count - 8);
    *(word64 *)to = first;
    *(word64 *)(to + count - 8) = last;
  } else if (count >= 4) {
    uint32_t first = *(const word32 *)from, last = *(const word32 *)(from + count - 4);
    *(word32 *)to = first;
    *(word32 *)(to + count - 4) = last;
  } else if (count >= 2) {
    uint16_t first = *(const word16 *)from, last = *(const word16 *)(from + count - 2);
    *(word16 *)to = first;
    *(word16 *)(to + count - 2) = last;
  } else if (count == 1) {
    *to = *from;
  }
}

/* Ascending; right for overlapping ranges too when `to` is below `from`. */
static inline void copy_up(unsigned char *to, const unsigned char *from, size_t count) {
  uint64_t last = *(const word64 *)(from + count - 8);
  unsigned char *end = to + count;
  if (count < STRING_THRESHOLD) {
    size_t at = 0;
    for (; at + 32 < count; at += 32) {
      /* Each word is read before anything above it is written. */
      *(word64 *)(to + at) = *(const word64 *)(from + at);
      *(word64 *)(to + at + 8) = *(const word64 *)(from + at + 8);
      *(word64 *)(to + at + 16) = *(const word64 *)(from + at + 16);
      *(word64 *)(to + at + 24) = *(const word64 *)(from + at + 24);
    }
    for (; at + 8 < count; at += 8) *(word64 *)(to + at) = *(const word64 *)(from + at);
  } else {
    size_t words = count / 8;
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
  }
  *(word64 *)(end - 8) = last;
}

static inline void copy_down(unsigned char *to, const unsigned char *from, size_t count) {
  uint64_t first = *(const word64 *)from;
  for (size_t at = count; at > 8; at -= 8)
    *(word64 *)(to + at - 8) = *(const word64 *)(from + at - 8);
  *(word64 *)to = first;
}

__attribute__((used)) void *memcpy(void *destination, const void *source, size_t count) {
  if (count <= 32) {
    copy_small(destination, source, count);
  } else {
    copy_up(destination, source, count);
  }
  return destination;
}

__attribute__((used)) void *memmove(void *destination, const void *source, size_t count) {
  if (count <= 32) {
    copy_small(destination, source, count);
  } else if ((uintptr_t)destination - (uintptr_t)source >= count) {
    copy_up(destination, source, count);
  } else {
    copy_down(destination, source, count);
  }
  return destination;
}

__attribute__((used)) int memcmp(const void *a, const void *b, size_t count) {
  const unsigned char *x = a, *y = b;
  while (count >= 8 && *(const word64 *)x == *(const word64 *)y) {
    x += 8;
    y += 8;
    count -= 8;
  }
  for (; count > 0; x++, y++, count--)
    if (*x != *y) return *x < *y ? -1 : 1;
  return 0;
}
