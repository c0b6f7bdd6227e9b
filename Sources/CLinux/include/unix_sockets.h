/* Unix sockets that carry descriptors beside bytes (unix(7), SCM_RIGHTS), which needs macros that Swift
 * cannot import. Each returns -errno on failure. */
#pragma once
#if defined(__linux__)
#include <stddef.h>
#include <stdint.h>

/* A stream connected to the socket at `path`, on which no read or write takes longer than
 * `patience_seconds`. */
int ix_unix_connect(const char *path, unsigned patience_seconds);

/* Sends all bytes, and at most 8 descriptors with the first of them. */
int ix_unix_send(int socket, const void *bytes, size_t count, const int *descriptors,
                 size_t descriptor_count);

/* Receives exactly `count` bytes; -ECONNRESET when the other side ends before. */
int ix_unix_receive(int socket, void *bytes, size_t count);

/* Waits for the other side to end, or for `event` to be readable, at most `milliseconds` (-1: without
 * limit). Returns 1 for the end, 2 for the event, 0 for neither. A socket of -1 never ends. */
int ix_unix_watch(int socket, int event, int milliseconds);
#endif
