/* posix_memalign and free for applications: what compiled Swift allocates with.
 *
 * One application thread per heap, so no lock. Memory is cut from one region into blocks of fixed
 * classes, four per power of two; a freed block goes to the list of its class and only ever serves
 * that class again. The kernel never links this file: it allocates nothing. */
#include "include/runtime.h"

/* In front of every block handed out. */
typedef struct {
  uint32_t class_index;
  uint32_t magic;
  uint64_t block; /* address of the block, which starts before this header */
} header;
_Static_assert(sizeof(header) == 16, "keeps blocks 16-byte aligned");

typedef struct free_block {
  struct free_block *next;
} free_block;

enum { CLASS_COUNT = 4 * 60, IN_USE = 0x49584855, FREE = 0x49584652 };

static struct {
  uint64_t next, end;
  free_block *lists[CLASS_COUNT];
} heap;

void ix_heap_initialize(uint64_t start, uint64_t byte_count) {
  uint64_t first = (start + 15) & ~(uint64_t)15;
  heap.next = first;
  heap.end = byte_count > first - start ? start + byte_count : first;
  for (unsigned index = 0; index < CLASS_COUNT; index++) heap.lists[index] = 0;
}

/* Bytes of class 4 * e + q: (4 + q) << (e + 3); the smallest is 32, 16 after the header. */
static uint64_t class_bytes(unsigned index) { return (uint64_t)(4 + index % 4) << (index / 4 + 3); }

/* The smallest class of at least `bytes`, which is between 32 and 2^62. */
static unsigned class_of(uint64_t bytes) {
  unsigned exponent = 63 - (unsigned)__builtin_clzll(bytes - 1);
  if (bytes <= 32) return 0;
  unsigned quarter = (unsigned)((bytes - 1) >> (exponent - 2)) & 3;
  return 4 * (exponent - 5) + quarter + 1;
}

static uint64_t take_block(unsigned index) {
  free_block *block = heap.lists[index];
  if (block) {
    heap.lists[index] = block->next;
    return (uint64_t)(uintptr_t)block;
  }
  uint64_t bytes = (class_bytes(index) + 15) & ~(uint64_t)15;
  if (bytes > heap.end - heap.next) return 0;
  uint64_t start = heap.next;
  heap.next += bytes;
  return start;
}

void *ix_heap_allocate(size_t alignment, size_t byte_count) {
  if (byte_count > (uint64_t)1 << 60 || alignment > (uint64_t)1 << 40) return 0;
  uint64_t slack = alignment > 16 ? alignment - 16 : 0;
  uint64_t bytes = byte_count + sizeof(header) + slack;
  unsigned index = class_of(bytes < 32 ? 32 : bytes);
  uint64_t block = take_block(index);
  if (!block) return 0;
  uint64_t mask = alignment > 16 ? alignment - 1 : 15;
  uint64_t start = (block + sizeof(header) + mask) & ~mask;
  header *info = (header *)(uintptr_t)(start - sizeof(header));
  info->class_index = index;
  info->magic = IN_USE;
  info->block = block;
  return (void *)(uintptr_t)start;
}

/* Traps when `pointer` was not allocated, or was freed before. */
void ix_heap_free(void *pointer) {
  if (!pointer) return;
  header *info = (header *)((uintptr_t)pointer - sizeof(header));
  if (info->magic != IN_USE || info->class_index >= CLASS_COUNT) __builtin_trap();
  info->magic = FREE;
  free_block *block = (free_block *)(uintptr_t)info->block;
  unsigned index = info->class_index;
  block->next = heap.lists[index];
  heap.lists[index] = block;
}

#if !defined(__linux__)
__attribute__((used)) int posix_memalign(void **out, size_t alignment, size_t byte_count) {
  void *pointer = ix_heap_allocate(alignment, byte_count);
  if (!pointer) return 12; /* ENOMEM */
  *out = pointer;
  return 0;
}

__attribute__((used)) void free(void *pointer) { ix_heap_free(pointer); }
#endif
