/* The C functions that compiled Swift and C code calls by name, for guests without a C library:
 * memset, memcpy, memmove, memcmp; in applications also posix_memalign, free and arc4random_buf. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Gives the allocator behind posix_memalign() and free() its memory, once, before first use. */
void ix_heap_initialize(uint64_t start, uint64_t byte_count);

/* What posix_memalign() and free() call; NULL when memory is exhausted. `alignment` is a power of
 * two. */
void *ix_heap_allocate(size_t alignment, size_t byte_count);
void ix_heap_free(void *pointer);

#if defined(__linux__)
/* For hosted tests: the memory functions, beside those of the C library. */
void *ix_memset(void *destination, int value, size_t count);
void *ix_memcpy(void *destination, const void *source, size_t count);
void *ix_memmove(void *destination, const void *source, size_t count);
int ix_memcmp(const void *a, const void *b, size_t count);
#endif
