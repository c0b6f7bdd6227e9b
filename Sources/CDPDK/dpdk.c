#define _GNU_SOURCE
#include "dpdk.h"
#include <errno.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { argument_limit = 16, argument_byte_limit = 512 };

typedef struct {
  char text[argument_limit][argument_byte_limit];
  char *words[argument_limit + 1];
  int count;
} arguments;

static void add(arguments *all, const char *option, const char *value) {
  char *text = all->text[all->count];
  snprintf(text, argument_byte_limit, "%s%s", option, value);
  all->words[all->count++] = text;
}

/* One poller that may run on every processor this process may use: DPDK would pin it to the first. */
static void add_processors(arguments *all) {
  char list[argument_byte_limit - 16] = "";
  size_t used = 0;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) < 0) CPU_SET(0, &allowed);
  for (int cpu = 0; cpu < CPU_SETSIZE && used + 8 < sizeof list; cpu++)
    if (CPU_ISSET(cpu, &allowed))
      used += (size_t)snprintf(list + used, sizeof list - used, used ? ",%d" : "%d", cpu);
  char value[argument_byte_limit];
  snprintf(value, sizeof value, "0@(%s)", list);
  add(all, "--lcores=", value);
}

/* DPDK's words are kept: only some of them are worth a person's time. */
static char words[4096];
static size_t word_bytes;
static bool is_aloud;

static ssize_t keep(void *cookie, const char *bytes, size_t count) {
  (void)cookie;
  size_t kept = sizeof words - 1 - word_bytes < count ? sizeof words - 1 - word_bytes : count;
  memcpy(words + word_bytes, bytes, kept);
  word_bytes += kept;
  if (is_aloud) fwrite(bytes, 1, count, stderr);
  return (ssize_t)count;
}

const char *ix_dpdk_words(bool aloud) {
  is_aloud = aloud;
  return words;
}

static void keep_words(void) {
  FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = keep});
  if (!stream) return;
  setvbuf(stream, NULL, _IOLBF, BUFSIZ);
  rte_openlog_stream(stream);
}

/* DPDK makes a folder for programs that share a port, even when nothing is shared: it gets one of its
 * own, which is gone when it has started. */
static int start_in_own_folder(arguments *all) {
  char folder[] = "/tmp/ixnet-XXXXXX", path[128];
  if (!mkdtemp(folder)) return -errno;
  setenv("RUNTIME_DIRECTORY", folder, 1);
  int result = rte_eal_init(all->count, all->words);
  int error = rte_errno;
  snprintf(path, sizeof path, "%s/dpdk/ixnet%d", folder, (int)getpid());
  rmdir(path);
  snprintf(path, sizeof path, "%s/dpdk", folder);
  rmdir(path);
  rmdir(folder);
  return result < 0 ? -(error ? error : EINVAL) : 0;
}

int ix_dpdk_start(const char *device, bool is_pci, bool uses_huge_pages,
                  unsigned memory_megabytes) {
  static arguments all;
  char number[16];
  add(&all, "ixnet", "");
  snprintf(number, sizeof number, "%d", (int)getpid());
  add(&all, "--file-prefix=ixnet", number);
  add(&all, "--no-telemetry", "");
  if (uses_huge_pages) {
    add(&all, "--in-memory", "");
  } else {
    add(&all, "--no-huge", "");
    add(&all, "--no-shconf", "");
  }
  snprintf(number, sizeof number, "%u", memory_megabytes);
  add(&all, "-m", "");
  add(&all, number, "");
  add_processors(&all);
  if (!is_pci) add(&all, "--no-pci", "");
  add(&all, is_pci ? "--allow=" : "--vdev=", device);
  keep_words();
  rte_log_set_global_level(RTE_LOG_ERR);
  add(&all, "--log-level=", "error");
  return start_in_own_folder(&all);
}

void ix_dpdk_stop(void) { rte_eal_cleanup(); }
