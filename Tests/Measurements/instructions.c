/* A plugin for QEMU's TCG that counts the instructions a guest executes, split by ring and by
 * whether they did something: what a polling kernel executes from one PAUSE or HLT to the next is
 * idle if it is less than taking in one packet needs. At the end one line is written to the file
 * named by `out=`. Every turn of a string instruction counts, as QEMU executes them one by one.
 *
 * QEMU's plugin header is not packaged for Debian, so the few declarations needed are here (QEMU
 * 7.2, plugin interface version 1). Meant for one busy virtual CPU.
 *
 * With `profile=FILE` every instruction's address and count goes there as well, idle ones included;
 * `profile.py` adds them up by function. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
typedef void (*tb_translated)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*instruction_executed)(unsigned int, void *);
typedef void (*at_exit)(qemu_plugin_id_t, void *);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, tb_translated);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, at_exit, void *);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, instruction_executed,
                                            enum qemu_plugin_cb_flags, void *);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, enum qemu_plugin_op,
                                                void *, uint64_t);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

/* More than a cycle needs to find out that there is nothing to do, timers included, and fewer
 * than the way of one packet into the stack. */
enum { IDLE_LIMIT = 1100 };

/* Instructions since the last end of a cycle, kernel and application. */
static uint64_t kernel_now, user_now;
static uint64_t kernel_busy, user_busy, idle;
static uint64_t system_calls, idle_cycles;
/* The latest end of a cycle was a PAUSE or HLT. */
static bool paused;
static char path[512], profile_path[512];

/* Executions of one translated instruction; the list is only ever added to. */
struct site {
  uint64_t address, count;
  struct site *next;
};
static struct site *sites;

static void end_busy(void) {
  kernel_busy += kernel_now;
  user_busy += user_now;
  kernel_now = user_now = 0;
}

static void cycle_paused(unsigned int cpu, void *data) {
  (void)cpu, (void)data;
  bool was_idle = paused && kernel_now + user_now < IDLE_LIMIT;
  paused = true;
  if (!was_idle) {
    end_busy();
    return;
  }
  idle += kernel_now + user_now;
  idle_cycles++;
  kernel_now = user_now = 0;
}

static void system_call(unsigned int cpu, void *data) {
  (void)cpu, (void)data;
  end_busy();
  paused = false;
  system_calls++;
}

static bool is(const struct qemu_plugin_insn *instruction, const char *bytes, size_t count) {
  return qemu_plugin_insn_size(instruction) == count &&
         memcmp(qemu_plugin_insn_data(instruction), bytes, count) == 0;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
  (void)id;
  size_t count = qemu_plugin_tb_n_insns(block);
  for (size_t i = 0; i < count; i++) {
    struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
    bool is_kernel = qemu_plugin_insn_vaddr(instruction) >> 63;
    qemu_plugin_register_vcpu_insn_exec_inline(instruction, QEMU_PLUGIN_INLINE_ADD_U64,
                                               is_kernel ? &kernel_now : &user_now, 1);
    if (profile_path[0] != 0) {
      struct site *site = calloc(1, sizeof *site);
      if (site == NULL) abort();
      *site = (struct site){qemu_plugin_insn_vaddr(instruction), 0, sites};
      sites = site;
      qemu_plugin_register_vcpu_insn_exec_inline(instruction, QEMU_PLUGIN_INLINE_ADD_U64,
                                                 &site->count, 1);
    }
    bool is_wait = is(instruction, "\xF3\x90", 2) || is(instruction, "\xF4", 1);
    if (is_kernel && is_wait)
      qemu_plugin_register_vcpu_insn_exec_cb(instruction, cycle_paused, QEMU_PLUGIN_CB_NO_REGS,
                                             NULL);
    else if (!is_kernel && is(instruction, "\x0F\x05", 2))
      qemu_plugin_register_vcpu_insn_exec_cb(instruction, system_call, QEMU_PLUGIN_CB_NO_REGS,
                                             NULL);
  }
}

static void report(qemu_plugin_id_t id, void *data) {
  (void)id, (void)data;
  end_busy();
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) return;
  dprintf(file,
          "kernel %" PRIu64 " user %" PRIu64 " idle %" PRIu64 " system_calls %" PRIu64
          " idle_cycles %" PRIu64 "\n",
          kernel_busy, user_busy, idle, system_calls, idle_cycles);
  close(file);
  if (profile_path[0] == 0) return;
  FILE *profile = fopen(profile_path, "w");
  if (profile == NULL) return;
  for (struct site *site = sites; site != NULL; site = site->next)
    if (site->count > 0) fprintf(profile, "%" PRIx64 " %" PRIu64 "\n", site->address, site->count);
  fclose(profile);
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id,
                                                                const qemu_info_t *info, int argc,
                                                                char **argv) {
  (void)info;
  for (int i = 0; i < argc; i++)
    if (strncmp(argv[i], "out=", 4) == 0) snprintf(path, sizeof path, "%s", argv[i] + 4);
  for (int i = 0; i < argc; i++)
    if (strncmp(argv[i], "profile=", 8) == 0)
      snprintf(profile_path, sizeof profile_path, "%s", argv[i] + 8);
  if (path[0] == 0) return -1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, report, NULL);
  return 0;
}
