/* Stores that the trace is cut at: nothing else touches this page. */
#pragma once
#include <stdint.h>
#include <sys/mman.h>

#define MARKER ((volatile uint64_t *)0x1000000000)
enum { MARK_COUNT, MARK_PAUSE, MARK_NEXT };

static inline int markers_map(void) {
  return mmap((void *)MARKER, 4096, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == (void *)MARKER;
}
static inline void mark(int what) { MARKER[what] = 1; }
