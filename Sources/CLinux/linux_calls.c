#define _GNU_SOURCE
#include "linux_calls.h"

#if defined(__linux__)
#include <link.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <linux/if.h>

int ix_tap_open(const char *name, int several) {
  struct ifreq request;
  int descriptor = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return -errno;
  memset(&request, 0, sizeof request);
  strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
  request.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (several ? IFF_MULTI_QUEUE : 0));
  if (ioctl(descriptor, TUNSETIFF, &request) < 0) {
    int error = errno;
    close(descriptor);
    return -error;
  }
  return descriptor;
}

int ix_tap_set_header_bytes(int descriptor, int count) {
  IX_CALL(ioctl(descriptor, TUNSETVNETHDRSZ, &count));
}

int ix_tap_set_offloads(int descriptor, unsigned flags) {
  IX_CALL(ioctl(descriptor, TUNSETOFFLOAD, (unsigned long)flags));
}

typedef struct {
  char name[16];
  void *(*body)(void *);
  void *context;
} thread_start;

/* A thread names itself: to name another one, a file of /proc has to be opened. */
static void *begin(void *start) {
  thread_start own = *(thread_start *)start;
  free(start);
  prctl(PR_SET_NAME, own.name, 0, 0, 0);
  return own.body(own.context);
}

int ix_thread_start(pthread_t *thread, const char *name, void *(*body)(void *), void *context) {
  sigset_t all, before;
  thread_start *start = calloc(1, sizeof *start);
  if (!start) return -ENOMEM;
  *start = (thread_start){.body = body, .context = context};
  strncpy(start->name, name, sizeof start->name - 1);
  sigfillset(&all);
  sigdelset(&all, SIGUSR1);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(thread, 0, begin, start);
  pthread_sigmask(SIG_SETMASK, &before, 0);
  if (error) free(start);
  return -error;
}

/* Segments that nobody may write are as they are in their file. */
static int forget(struct dl_phdr_info *object, size_t size, void *context) {
  const uintptr_t page = 4096;
  (void)size, (void)context;
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
    if (segment->p_type != PT_LOAD || segment->p_flags & PF_W) continue;
    uintptr_t start = object->dlpi_addr + segment->p_vaddr;
    uintptr_t end = (start + segment->p_memsz) & ~(page - 1);
    start = (start + page - 1) & ~(page - 1);
    if (start < end) madvise((void *)start, end - start, MADV_DONTNEED);
  }
  return 0;
}

void ix_forget_code(void) { dl_iterate_phdr(forget, 0); }

int ix_processor_count(void) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) < 0) return -errno;
  return CPU_COUNT(&allowed);
}

int ix_stay_on_processor(int index) {
  cpu_set_t allowed, one;
  if (sched_getaffinity(0, sizeof allowed, &allowed) < 0) return -errno;
  CPU_ZERO(&one);
  for (int processor = 0; processor < CPU_SETSIZE; processor++) {
    if (!CPU_ISSET(processor, &allowed) || index-- > 0) continue;
    CPU_SET(processor, &one);
    IX_CALL(sched_setaffinity(0, sizeof one, &one));
  }
  return -EINVAL;
}
#endif
