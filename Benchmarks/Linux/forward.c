/* Carries frames between two tap devices, each in a network namespace of its own: between a client
 * and a server that is Linux itself, the path has the same taps and the same one process that a
 * guest's path has, and nothing is emulated. What comes out is the ceiling of that path.
 *
 * usage: forward NAMESPACE TAP NAMESPACE TAP */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A segment before segmentation, and the header of virtio-net in front of it. */
enum { HEADER = 12, FRAME = HEADER + 65536 + 64 };

static void die(const char *what) {
  perror(what);
  exit(1);
}

/* Opens a tap as QEMU does: with virtio-net's headers, offering checksums and segmentation. */
static int open_tap(const char *namespace, const char *name) {
  char path[256];
  snprintf(path, sizeof path, "/run/netns/%s", namespace);
  int place = open(path, O_RDONLY | O_CLOEXEC);
  if (place < 0 || setns(place, CLONE_NEWNET) != 0) die(namespace);
  close(place);
  int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (tap < 0 || ioctl(tap, TUNSETIFF, &request) != 0) die(name);
  /* What another user of the tap has set stays. */
  int header = HEADER;
  if (ioctl(tap, TUNSETVNETHDRSZ, &header) != 0) die("TUNSETVNETHDRSZ");
  if (ioctl(tap, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4) != 0) die("TUNSETOFFLOAD");
  return tap;
}

static void carry(int from, int to) {
  static char frame[FRAME];
  for (int i = 0; i < 256; i++) {
    ssize_t count = read(from, frame, sizeof frame);
    if (count <= 0) return;
    if (write(to, frame, (size_t)count) < 0) return;
  }
}

int main(int count, char **arguments) {
  if (count != 5) {
    fprintf(stderr, "usage: forward NAMESPACE TAP NAMESPACE TAP\n");
    return 2;
  }
  struct pollfd taps[2] = {{open_tap(arguments[1], arguments[2]), POLLIN, 0},
                           {open_tap(arguments[3], arguments[4]), POLLIN, 0}};
  puts("forward: listening");
  fflush(stdout);
  for (;;) {
    if (poll(taps, 2, -1) < 0) die("poll");
    if (taps[0].revents & POLLIN) carry(taps[0].fd, taps[1].fd);
    if (taps[1].revents & POLLIN) carry(taps[1].fd, taps[0].fd);
  }
}
