/* A plugin for QEMU's TCG that counts the instructions a guest executes, split by ring and by
 * whether they did something: what a polling kernel executes from one PAUSE or HLT to the next is
 * idle if it is less than taking in one packet needs. What runs before a virtual CPU's first system
 * call, firmware and boot, is left out. At the end one line is written to the file
 * named by `out=`. Every turn of a string instruction counts, as QEMU executes them one by one.
 *
 * With `events=on` it counts what the guest does beside computing, too: accesses to devices' memory
 * (a doorbell is one), port instructions, HLT, writes of model-specific registers, all of which
 * leave a hardware guest in one way or the other, and bytes moved by string instructions, which is
 * how kernels copy. That is several times slower.
 *
 * With `live=FILE` the counters are in that file as 64-bit numbers while the guest runs, in the
 * order of `struct counters`: a reader takes them before and after a load.
 *
 * With `profile=FILE` every instruction's address and count goes there at the end, idle ones
 * included; `count --profile` adds them up by function.
 *
 * With `cores=on` each virtual CPU is counted apart, so that one that finds nothing to do is idle
 * while others work, and the sums are reported, with the number of CPUs that did something. Whole
 * blocks of instructions are counted then, as they are entered.
 *
 * QEMU's plugin header is not packaged for Debian, so the few declarations needed are here (QEMU
 * 7.2, plugin interface version 1). Without `cores=on` meant for one busy virtual CPU. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_R = 1, QEMU_PLUGIN_MEM_W, QEMU_PLUGIN_MEM_RW };
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
typedef void (*tb_translated)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*instruction_executed)(unsigned int, void *);
typedef void (*block_entered)(unsigned int, void *);
typedef void (*memory_accessed)(unsigned int, qemu_plugin_meminfo_t, uint64_t, void *);
typedef void (*at_exit)(qemu_plugin_id_t, void *);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, tb_translated);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, at_exit, void *);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, block_entered,
                                          enum qemu_plugin_cb_flags, void *);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, instruction_executed,
                                            enum qemu_plugin_cb_flags, void *);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, enum qemu_plugin_op,
                                                void *, uint64_t);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *, memory_accessed,
                                      enum qemu_plugin_cb_flags, enum qemu_plugin_mem_rw, void *);
bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(qemu_plugin_meminfo_t, uint64_t);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

/* More than a cycle needs to find out that there is nothing to do, timers included, and fewer
 * than the way of one packet into the stack. */
enum { IDLE_LIMIT = 1100 };

/* Append only: readers of `live=` know the order. */
struct counters {
  uint64_t kernel, user, idle, system_calls, idle_cycles;
  /* Instructions since the last end of a cycle, not yet in the above. */
  uint64_t kernel_now, user_now;
  uint64_t device_reads, device_writes, ports, halts, register_writes, moved_bytes;
};
static struct counters unshared, *counters = &unshared;
static bool counts_events, counts_cores;

/* One virtual CPU's, on cache lines of its own; the first one's `counters` are those above unless
 * CPUs are counted apart. */
enum { CPU_LIMIT = 64 };
static struct cpu {
  _Alignas(64) struct counters counters;
  /* The latest end of a cycle was a PAUSE or HLT. */
  bool paused;
} cpus[CPU_LIMIT];

/* Instructions of one translated block. */
struct block {
  uint64_t count;
  bool is_kernel;
};
static char path[512], live_path[512], profile_path[512];

/* Executions of one translated instruction; the list is only ever added to. */
struct site {
  uint64_t address, count;
  struct site *next;
};
static struct site *sites;

static struct counters *counters_of(unsigned int cpu) {
  return counts_cores ? &cpus[cpu % CPU_LIMIT].counters : counters;
}

static void end_busy(struct counters *counters) {
  counters->kernel += counters->kernel_now;
  counters->user += counters->user_now;
  counters->kernel_now = counters->user_now = 0;
}

static void cycle_paused(unsigned int cpu, void *data) {
  (void)data;
  struct counters *counters = counters_of(cpu);
  bool *paused = &cpus[counts_cores ? cpu % CPU_LIMIT : 0].paused;
  bool was_idle = *paused && counters->kernel_now + counters->user_now < IDLE_LIMIT;
  *paused = true;
  if (!was_idle) {
    end_busy(counters);
    return;
  }
  counters->idle += counters->kernel_now + counters->user_now;
  counters->idle_cycles++;
  counters->kernel_now = counters->user_now = 0;
}

static void system_call(unsigned int cpu, void *data) {
  (void)data;
  struct counters *counters = counters_of(cpu);
  end_busy(counters);
  if (counters->system_calls == 0) *counters = (struct counters){0};
  cpus[counts_cores ? cpu % CPU_LIMIT : 0].paused = false;
  counters->system_calls++;
}

static void entered(unsigned int cpu, void *data) {
  const struct block *block = data;
  struct counters *counters = &cpus[cpu % CPU_LIMIT].counters;
  *(block->is_kernel ? &counters->kernel_now : &counters->user_now) += block->count;
}

static void accessed(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data) {
  (void)cpu, (void)data;
  struct qemu_plugin_hwaddr *place = qemu_plugin_get_hwaddr(info, address);
  if (place == NULL || !qemu_plugin_hwaddr_is_io(place)) return;
  if (qemu_plugin_mem_is_store(info)) counters->device_writes++;
  else counters->device_reads++;
}

static void add(struct qemu_plugin_insn *instruction, uint64_t *counter, uint64_t amount) {
  qemu_plugin_register_vcpu_insn_exec_inline(instruction, QEMU_PLUGIN_INLINE_ADD_U64, counter,
                                             amount);
}

static bool is(const struct qemu_plugin_insn *instruction, const char *bytes, size_t count) {
  return qemu_plugin_insn_size(instruction) == count &&
         memcmp(qemu_plugin_insn_data(instruction), bytes, count) == 0;
}

static void count_events(struct qemu_plugin_insn *instruction) {
  const uint8_t *bytes = qemu_plugin_insn_data(instruction);
  size_t size = qemu_plugin_insn_size(instruction);
  uint8_t port_code = bytes[0] & 0xFC;
  if (is(instruction, "\xF3\xA4", 2)) add(instruction, &counters->moved_bytes, 1);
  else if (is(instruction, "\xF3\xA5", 2)) add(instruction, &counters->moved_bytes, 4);
  else if (is(instruction, "\xF3\x48\xA5", 3)) add(instruction, &counters->moved_bytes, 8);
  else if (is(instruction, "\xF4", 1)) add(instruction, &counters->halts, 1);
  else if (is(instruction, "\x0F\x30", 2)) add(instruction, &counters->register_writes, 1);
  else if ((size == 1 && port_code == 0xEC) || (size == 2 && port_code == 0xE4))
    add(instruction, &counters->ports, 1);
  qemu_plugin_register_vcpu_mem_cb(instruction, accessed, QEMU_PLUGIN_CB_NO_REGS,
                                   QEMU_PLUGIN_MEM_RW, NULL);
}

static void count_site(struct qemu_plugin_insn *instruction) {
  struct site *site = calloc(1, sizeof *site);
  if (site == NULL) abort();
  *site = (struct site){qemu_plugin_insn_vaddr(instruction), 0, sites};
  sites = site;
  add(instruction, &site->count, 1);
}

/* Counts a whole block for the CPU that enters it. QEMU translates rarely, so blocks are not freed. */
static void count_block(struct qemu_plugin_tb *translation, size_t count) {
  struct block *block = calloc(1, sizeof *block);
  if (block == NULL) abort();
  uint64_t start = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(translation, 0));
  *block = (struct block){count, start >> 63};
  qemu_plugin_register_vcpu_tb_exec_cb(translation, entered, QEMU_PLUGIN_CB_NO_REGS, block);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
  (void)id;
  size_t count = qemu_plugin_tb_n_insns(block);
  if (counts_cores) count_block(block, count);
  for (size_t i = 0; i < count; i++) {
    struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
    bool is_kernel = qemu_plugin_insn_vaddr(instruction) >> 63;
    if (!counts_cores)
      add(instruction, is_kernel ? &counters->kernel_now : &counters->user_now, 1);
    if (counts_events) count_events(instruction);
    if (profile_path[0] != 0) count_site(instruction);
    bool is_wait = is(instruction, "\xF3\x90", 2) || is(instruction, "\xF4", 1);
    if (is_kernel && is_wait)
      qemu_plugin_register_vcpu_insn_exec_cb(instruction, cycle_paused, QEMU_PLUGIN_CB_NO_REGS,
                                             NULL);
    else if (!is_kernel && is(instruction, "\x0F\x05", 2))
      qemu_plugin_register_vcpu_insn_exec_cb(instruction, system_call, QEMU_PLUGIN_CB_NO_REGS,
                                             NULL);
  }
}

static void report_profile(void) {
  FILE *profile = fopen(profile_path, "w");
  if (profile == NULL) return;
  for (struct site *site = sites; site != NULL; site = site->next)
    if (site->count > 0) fprintf(profile, "%" PRIx64 " %" PRIu64 "\n", site->address, site->count);
  fclose(profile);
}

/* Adds up what the virtual CPUs have counted; how many of them made a system call. */
static unsigned int add_cores(void) {
  unsigned int working = 0;
  for (struct cpu *cpu = cpus; cpu < cpus + CPU_LIMIT; cpu++) {
    end_busy(&cpu->counters);
    counters->kernel += cpu->counters.kernel;
    counters->user += cpu->counters.user;
    counters->idle += cpu->counters.idle;
    counters->idle_cycles += cpu->counters.idle_cycles;
    counters->system_calls += cpu->counters.system_calls;
    working += cpu->counters.system_calls > 0;
  }
  return working;
}

static void report(qemu_plugin_id_t id, void *data) {
  (void)id, (void)data;
  end_busy(counters);
  unsigned int working = counts_cores ? add_cores() : 1;
  if (profile_path[0] != 0) report_profile();
  if (path[0] == 0) return;
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) return;
  dprintf(file,
          "kernel %" PRIu64 " user %" PRIu64 " idle %" PRIu64 " system_calls %" PRIu64
          " idle_cycles %" PRIu64 " cores %u\n",
          counters->kernel, counters->user, counters->idle, counters->system_calls,
          counters->idle_cycles, working);
  close(file);
}

/* Puts the counters into `live_path`; false when that is not possible. */
static bool share_counters(void) {
  int file = open(live_path, O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (file < 0 || ftruncate(file, sizeof *counters) != 0) return false;
  void *memory = mmap(NULL, sizeof *counters, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory == MAP_FAILED) return false;
  counters = memory;
  return true;
}

static void set(char *option, size_t size, const char *argument, const char *name) {
  size_t length = strlen(name);
  if (strncmp(argument, name, length) == 0) snprintf(option, size, "%s", argument + length);
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id,
                                                                const qemu_info_t *info, int argc,
                                                                char **argv) {
  (void)info;
  for (int i = 0; i < argc; i++) {
    set(path, sizeof path, argv[i], "out=");
    set(live_path, sizeof live_path, argv[i], "live=");
    set(profile_path, sizeof profile_path, argv[i], "profile=");
    counts_events |= strcmp(argv[i], "events=on") == 0;
    counts_cores |= strcmp(argv[i], "cores=on") == 0;
  }
  if (path[0] == 0 && live_path[0] == 0) return -1;
  if (counts_cores && (live_path[0] != 0 || profile_path[0] != 0 || counts_events)) return -1;
  if (live_path[0] != 0 && !share_counters()) return -1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, report, NULL);
  return 0;
}
