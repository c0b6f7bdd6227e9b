/* Linux system calls and constants that Swift cannot import: ioctl numbers, variadic calls, calls
 * that glibc's module leaves out. Each returns -errno on failure. */
#pragma once
#if defined(__linux__)
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/if_tun.h>

#define IX_CALL(expression)               \
  do {                                    \
    int result = (int)(expression);       \
    return result < 0 ? -errno : result;  \
  } while (0)

/* A file of memory, closed on exec. `huge` asks for pages of 2 MiB. */
static inline int ix_memfd(const char *name, int huge) {
  const unsigned close_on_exec = 1, allow_sealing = 2, huge_pages = 4, huge_2m = 21u << 26;
  IX_CALL(syscall(SYS_memfd_create, name,
                  huge ? close_on_exec | huge_pages | huge_2m : close_on_exec | allow_sealing));
}

/* A counter that threads and the kernel wait for and wake with; never blocks. */
static inline int ix_eventfd(void) {
  const int close_on_exec = O_CLOEXEC, non_blocking = O_NONBLOCK;
  IX_CALL(syscall(SYS_eventfd2, 0, close_on_exec | non_blocking));
}

static inline int ix_open(const char *path, int flags) { IX_CALL(open(path, flags | O_CLOEXEC)); }

/* One queue of the tap `name`, with virtio headers in front of frames; `several` when the tap was
 * made with multi_queue. */
int ix_tap_open(const char *name, int several);
int ix_tap_set_header_bytes(int descriptor, int count);

/* Which frames may be passed on unfinished: TUN_F_CSUM, TUN_F_TSO4, ... */
int ix_tap_set_offloads(int descriptor, unsigned flags);
static const uint32_t ix_tap_request_offloads = TUNSETOFFLOAD;

/* Calls `body(context)` on a new thread of the given name; SIGTERM and its like go to others. */
int ix_thread_start(pthread_t *thread, const char *name, void *(*body)(void *), void *context);

/* How many processors this process may run on. */
int ix_processor_count(void);

/* Keeps the calling thread on the processor with this index among those it may run on. */
int ix_stay_on_processor(int index);

/* Code and constants that were needed to start leave this process' memory; what is needed again is
 * mapped again. For who waits for long from now on. */
void ix_forget_code(void);

/* At most 256 random bytes from the kernel. */
static inline int ix_random(void *bytes, size_t count) {
  IX_CALL(syscall(SYS_getrandom, bytes, count, 0));
}
#endif
