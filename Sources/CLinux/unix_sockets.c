#define _GNU_SOURCE
#include "unix_sockets.h"

#if defined(__linux__)
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { descriptor_limit = 8 };

int ix_unix_connect(const char *path, unsigned patience_seconds) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct timeval patience = {.tv_sec = patience_seconds};
  if (strlen(path) >= sizeof address.sun_path) return -ENAMETOOLONG;
  strcpy(address.sun_path, path);
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -errno;
  if (setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
      setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0 ||
      connect(descriptor, (struct sockaddr *)&address, sizeof address) < 0) {
    int error = errno;
    close(descriptor);
    return -error;
  }
  return descriptor;
}

int ix_unix_send(int socket, const void *bytes, size_t count, const int *descriptors,
                 size_t descriptor_count) {
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(descriptor_limit * sizeof(int))];
  } control = {0};
  struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (descriptor_count > descriptor_limit) return -E2BIG;
  if (descriptor_count > 0) {
    message.msg_control = control.space;
    message.msg_controllen = CMSG_SPACE(descriptor_count * sizeof(int));
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(descriptor_count * sizeof(int));
    memcpy(CMSG_DATA(rights), descriptors, descriptor_count * sizeof(int));
  }
  while (part.iov_len > 0) {
    ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN ? -ETIMEDOUT : -errno;
    part.iov_base = (char *)part.iov_base + sent;
    part.iov_len -= (size_t)sent;
    message.msg_control = NULL;
    message.msg_controllen = 0;
  }
  return 0;
}

int ix_unix_receive(int socket, void *bytes, size_t count) {
  char *next = bytes;
  while (count > 0) {
    ssize_t received = recv(socket, next, count, 0);
    if (received == 0) return -ECONNRESET;
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return errno == EAGAIN ? -ETIMEDOUT : -errno;
    next += received;
    count -= (size_t)received;
  }
  return 0;
}

int ix_unix_watch(int socket, int event, int milliseconds) {
  struct pollfd watched[] = {{.fd = socket, .events = POLLRDHUP}, {.fd = event, .events = POLLIN}};
  int count = poll(watched, 2, milliseconds);
  if (count < 0) return errno == EINTR ? 0 : -errno;
  if (watched[1].revents) return 2;
  return watched[0].revents ? 1 : 0;
}
#endif
