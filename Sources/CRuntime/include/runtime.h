/* The C functions that compiled Swift and C code calls by name, for guests without a C library. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Gives the allocator behind posix_memalign() and free() its memory, once, before first use.
 * `start` is 16-byte aligned. */
void ix_heap_initialize(uint64_t start, uint64_t byte_count);
