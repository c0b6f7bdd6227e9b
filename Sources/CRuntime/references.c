/* Counting references to Swift objects without locks. Applications are compiled with
 * `-assume-single-threaded`: their objects live in the memory of one core, which no other can reach. The
 * compiler then calls these functions, which its own runtime for Embedded Swift does not have.
 *
 * An object begins with a pointer to its metadata and a 64-bit count. All of the lower 63 bits set: it
 * is never freed (static objects). The top bit: its memory is not the heap's, so that destroying it must
 * not free it. The second word of the metadata is the function that destroys the object. */
#if !defined(__linux__)
#include "include/runtime.h"

typedef __attribute__((swiftcall)) void (*destroyer)(__attribute__((swift_context)) void *object);

typedef struct {
  destroyer *metadata;
  uint64_t count;
} object;

#define COUNT_MASK 0x7fffffffffffffffull
/* Bits of a pointer to an object or to text that are the pointer's own use. */
#define BRIDGE_MASK 0x8ffffffffffffff8ull

static inline void add(object *counted, uint64_t amount) {
  if ((int64_t)(uintptr_t)counted <= 0) return; /* nothing, or a value in place of a pointer */
  if ((counted->count & COUNT_MASK) != COUNT_MASK) counted->count += amount;
}

static inline void subtract_one(object *counted) {
  if ((int64_t)(uintptr_t)counted <= 0) return;
  uint64_t before = counted->count;
  if ((before & COUNT_MASK) == COUNT_MASK) return;
  counted->count = before - 1;
  if ((counted->count & COUNT_MASK) != 0) return;
  /* While it is destroyed, nobody counts. */
  counted->count = before | COUNT_MASK;
  counted->metadata[1](counted);
}

static inline object *bridged(void *pointer) {
  return (object *)((uintptr_t)pointer & BRIDGE_MASK);
}

__attribute__((used)) void *swift_nonatomic_retain(void *pointer) {
  add(pointer, 1);
  return pointer;
}

__attribute__((used)) void *swift_nonatomic_retain_n(void *pointer, uint32_t count) {
  add(pointer, count);
  return pointer;
}

__attribute__((used)) void swift_nonatomic_release(void *pointer) { subtract_one(pointer); }

__attribute__((used)) void *swift_nonatomic_bridgeObjectRetain(void *pointer) {
  add(bridged(pointer), 1);
  return pointer;
}

__attribute__((used)) void swift_nonatomic_bridgeObjectRelease(void *pointer) {
  subtract_one(bridged(pointer));
}
#endif
