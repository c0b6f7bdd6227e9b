/* Linux system calls and constants that Swift cannot import: ioctl numbers, variadic calls, calls
 * that glibc's module leaves out. Each returns -errno on failure. */
#pragma once
#if defined(__linux__)
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/if.h>
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
static inline int ix_tap_open(const char *name, int several) {
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

static inline int ix_tap_set_header_bytes(int descriptor, int count) {
  IX_CALL(ioctl(descriptor, TUNSETVNETHDRSZ, &count));
}

/* Which frames may be passed on unfinished: TUN_F_CSUM, TUN_F_TSO4, ... */
static inline int ix_tap_set_offloads(int descriptor, unsigned flags) {
  IX_CALL(ioctl(descriptor, TUNSETOFFLOAD, (unsigned long)flags));
}
#endif
