/* The control page: what a dataplane shows its host, and how the host asks it for something.
 *
 * The kernel puts it into guest memory, where the launcher maps it: reading it costs the guest nothing.
 * The header lies at a fixed physical address; it names one block for each core. Nothing here is read by
 * the application. Everything is little-endian. Numbers are append-only; IX_CONTROL_VERSION changes when a
 * layout does.
 *
 * No cache line is written by two sides: the kernel's core writes its part of its block, the host the
 * part behind `command_head`.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define IX_CONTROL_VERSION 1u
/* "IXcntrl1"; the kernel writes it last. */
#define IX_CONTROL_MAGIC 0x316C72746E635849ull
/* The last page of the first 64 KiB, which the kernel uses for nothing else. */
#define IX_CONTROL_ADDRESS 0xF000ull

typedef struct {
  uint64_t magic;
  uint32_t version;
  uint32_t core_count;
  uint64_t core_blocks;       /* physical address of ix_control_core[core_count] */
  uint64_t core_block_stride; /* bytes from one block to the next */
  uint64_t memory_byte_count; /* of the guest */
  uint64_t ticks_per_second;  /* of the time-stamp counter */
  uint64_t reserved[2];
} ix_control_header;
_Static_assert(sizeof(ix_control_header) == 64, "one cache line");

/* ---- What a core does (ix_control_core.state) ---------------------------------------------- */
enum {
  IX_CORE_STARTING = 0,
  IX_CORE_RUNNING = 1,   /* polling, or in the application */
  IX_CORE_SLEEPING = 2,  /* waits for a frame or a timer, at most 25 ms */
  IX_CORE_ABSENT = 3,    /* the application has not polled for 10 ms or more; the kernel goes on */
  IX_CORE_PARKED = 4,    /* has no flow groups; another core does its work */
  IX_CORE_STOPPED = 5,   /* the machine is ending */
};

/* ---- Commands ------------------------------------------------------------------------------- */
enum {
  IX_COMMAND_NONE = 0,
  IX_COMMAND_SET_BATCH = 1,   /* arguments[0]: the bound B, 1..1024 */
  IX_COMMAND_SET_SPIN = 2,    /* arguments[0]: microseconds without a frame before a core sleeps */
  IX_COMMAND_PRINT = 3,       /* statistics on the console */
  IX_COMMAND_STOP = 4,        /* ends the machine with a clean status */
  IX_COMMAND_CAPTURE = 5,     /* arguments[0]: bytes kept of each frame, 0 ends the capture */
  /* arguments[0]: other cores, one bit each, that get all flow groups of this one, until UNPARK. Not for
   * core 0. IX_CORE_PARKED says that nothing is left here. */
  IX_COMMAND_PARK = 6,
  IX_COMMAND_UNPARK = 7,      /* the core may own flow groups again, and waits for them */
  /* arguments: first flow group, count, core that gets those of them that are this core's. The answer
   * says that it has begun; IX_WRONG_STATE: others are on their way. flow_groups show what has come of it. */
  IX_COMMAND_MIGRATE = 8,
};

typedef struct {
  uint64_t operation; /* IX_COMMAND_... */
  uint64_t arguments[7];
} ix_command;
_Static_assert(sizeof(ix_command) == 64, "one cache line");

/* Commands that can wait; a power of two. */
#define IX_COMMAND_LIMIT 8u

#define IX_CONTROL_GAUGE_LIMIT 24u
#define IX_CONTROL_HISTOGRAM_LIMIT 16u
#define IX_CONTROL_COUNTER_LIMIT 96u
#define IX_CONTROL_DROP_LIMIT 120u

/* ---- One core ------------------------------------------------------------------------------- */
typedef struct {
  /* Written by the kernel. A reader copies what it wants between two readings of `sequence` that
   * are equal and even. */
  uint64_t sequence;
  uint64_t heartbeat;      /* nanoseconds on the guest's clock, when this was written */
  uint32_t state;          /* IX_CORE_...; changes at any time */
  uint32_t gauge_count;
  uint32_t counter_count;
  uint32_t drop_count;
  uint64_t capture_bytes;  /* physical address of the ring of captured frames */
  uint64_t capture_byte_count; /* of the ring, a power of two; 0 when there is none */
  uint64_t flow_groups[2]; /* one bit for each entry of the indirection table that is this core's */
  uint64_t gauges[IX_CONTROL_GAUGE_LIMIT];
  uint64_t batches[IX_CONTROL_HISTOGRAM_LIMIT]; /* [n]: of more than 2^(n-1) up to 2^n frames */
  uint64_t counters[IX_CONTROL_COUNTER_LIMIT];
  uint64_t drops[IX_CONTROL_DROP_LIMIT];

  /* Written by the kernel at any time. */
  uint64_t capture_head;    /* bytes ever put into the ring */
  uint64_t capture_dropped; /* frames that found no room in it */
  uint64_t captured;        /* frames put into it */
  uint64_t command_tail;    /* commands done */
  uint64_t reserved1[4];
  int64_t results[IX_COMMAND_LIMIT]; /* of command n, at n % IX_COMMAND_LIMIT: 0 or an ix_status */

  /* Written by the host. */
  uint64_t command_head;    /* commands given; at most IX_COMMAND_LIMIT ahead of command_tail */
  uint64_t capture_tail;    /* bytes ever taken out of the ring */
  uint64_t reserved2[6];
  ix_command commands[IX_COMMAND_LIMIT];
} ix_control_core;
_Static_assert(offsetof(ix_control_core, gauges) == 64, "append-only");
_Static_assert(offsetof(ix_control_core, batches) == 256, "append-only");
_Static_assert(offsetof(ix_control_core, counters) == 384, "append-only");
_Static_assert(offsetof(ix_control_core, drops) == 1152, "append-only");
_Static_assert(offsetof(ix_control_core, capture_head) == 2112, "a cache line of its own");
_Static_assert(offsetof(ix_control_core, results) == 2176, "append-only");
_Static_assert(offsetof(ix_control_core, command_head) == 2240, "a cache line of its own");
_Static_assert(offsetof(ix_control_core, commands) == 2304, "append-only");
_Static_assert(sizeof(ix_control_core) == 2816, "whole cache lines");

/* One captured frame in the ring, followed by its bytes, rounded up to 8. A record never wraps: where it
 * would, one with original_byte_count 0 fills what is left of the ring. */
typedef struct {
  uint32_t captured_byte_count;
  uint32_t original_byte_count;
  uint64_t time;           /* nanoseconds on the guest's clock */
  uint32_t direction;      /* 0 received, 1 sent */
  uint32_t core;
} ix_capture_record;
_Static_assert(sizeof(ix_capture_record) == 24, "a multiple of eight");

/* ---- Accesses that the other side may make at the same time -------------------------------- */
static inline __attribute__((always_inline)) uint64_t ix_control_load(const uint64_t *word) {
  return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}
static inline __attribute__((always_inline)) void ix_control_store(uint64_t *word, uint64_t value) {
  __atomic_store_n(word, value, __ATOMIC_RELEASE);
}
/* Whatever was written before this is seen by whoever sees what is written after it. */
static inline __attribute__((always_inline)) void ix_control_fence(void) {
  __atomic_thread_fence(__ATOMIC_ACQ_REL);
}

/* Swift sees arrays of structures as tuples; these are their first elements. */
static inline __attribute__((always_inline)) uint64_t *ix_control_gauges(ix_control_core *core) {
  return core->gauges;
}
static inline __attribute__((always_inline)) uint64_t *ix_control_batches(ix_control_core *core) {
  return core->batches;
}
static inline __attribute__((always_inline)) uint64_t *ix_control_counters(ix_control_core *core) {
  return core->counters;
}
static inline __attribute__((always_inline)) uint64_t *ix_control_drops(ix_control_core *core) {
  return core->drops;
}
static inline __attribute__((always_inline)) int64_t *ix_control_results(ix_control_core *core) {
  return core->results;
}
static inline __attribute__((always_inline)) ix_command *ix_control_commands(ix_control_core *core) {
  return core->commands;
}

/* ---- For the kernel: a private copy of a command the host may be changing. ------------------- */
static inline __attribute__((always_inline)) ix_command ix_command_snapshot(const ix_command *shared) {
  const volatile ix_command *s = shared;
  ix_command command;
  command.operation = s->operation;
  for (unsigned i = 0; i < 7; i++) command.arguments[i] = s->arguments[i];
  return command;
}

/* ---- For the host: a copy of what a core shows; 0 while the core is writing it. -------------- */
static inline int ix_control_snapshot(const ix_control_core *shared, ix_control_core *copy) {
  const volatile uint64_t *from = (const volatile uint64_t *)shared;
  uint64_t *to = (uint64_t *)copy;
  uint64_t sequence = ix_control_load(&shared->sequence);
  if (sequence & 1) return 0;
  for (unsigned i = 0; i < sizeof *copy / sizeof *to; i++) to[i] = from[i];
  ix_control_fence();
  return ix_control_load(&shared->sequence) == sequence;
}
