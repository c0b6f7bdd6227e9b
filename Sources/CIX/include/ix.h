/* IX for applications in C. ix_abi.h defines the arrays and numbers; this is how to use them.
 *
 * An application runs on every core of its dataplane from the beginning of main, with data, heap and
 * connections of that core's own (core_index and core_count of the start-up page), and does everything
 * in one loop:
 *
 *   ix_system_call(IX_SYSCALL_LISTEN, port, 0);
 *   for (;;) {
 *     int64_t count = ix_system_call(IX_SYSCALL_POLL, call_count, 0);
 *     look at the results of the calls 0..<call_count; call_count = 0;
 *     handle the events 0..<count, which may append batched calls;
 *   }
 *
 * The contract about memory, the same as the Swift library's, there enforced by the compiler:
 *
 * - Events are read-only and valid until the next POLL. FLUSH leaves them alone.
 * - IX_EVENT_TCP_RECEIVED lends a range of the receive window, read-only: it stays as it is until
 *   IX_CALL_TCP_RECEIVE_DONE with its handle, buffer and byte_count. That also opens the window, so
 *   whoever keeps buffers slows its peer down. Returning one twice is IX_BAD_ARGUMENT. It can be
 *   returned after the connection's end, too, and must be.
 * - IX_CALL_TCP_SEND reads the bytes where they lie, once or often, until IX_EVENT_TCP_SENT has
 *   counted all of them, or IX_EVENT_TCP_DEAD. Until then they must not change. `result` says how
 *   many bytes were taken, perhaps fewer than offered or none: offer the rest again after the next
 *   IX_EVENT_TCP_SENT. Bytes of the receive window may be sent; the kernel keeps a buffer it still
 *   reads, whoever returns it.
 * - IX_CALL_UDP_SEND likewise, until IX_EVENT_UDP_SENT with its cookie. A refused one has none.
 * - A knock is accepted with a cookie, which comes back in every later event of the connection, or
 *   rejected. After CLOSE and ABORT the handle is dead: no event will name it, and memory that was
 *   being sent is only safe to change after SHUTDOWN, IX_EVENT_TCP_SENT and then CLOSE.
 * - With IX_POLL_LETS_CONNECTIONS_GO connections may go to other cores. IX_EVENT_TCP_LEAVING asks for
 *   one; nothing is received on it from then on. IX_CALL_TCP_LEAVE lets it go, once every received
 *   buffer is returned and every sent byte acknowledged: the handle is dead, and 64 bits, the call's
 *   cookie, are all that the application on the other core learns, with IX_EVENT_TCP_ARRIVED there. It
 *   accepts the connection like one that knocks. Whoever does not answer keeps the connection, which
 *   goes on after a quarter of a second. A connection that was let go may arrive on its own core again.
 * - A bad argument is an ix_status, never a crash; a bad memory access ends the application.
 * - An application that does not come back for more than 10 ms is interrupted while the kernel
 *   answers the network in its name; its events wait. */
#pragma once
#include "ix_abi.h"

#if !defined(__linux__)
/* A direct system call; rcx and r11 are lost, everything else is kept. */
static inline __attribute__((always_inline)) int64_t
ix_system_call(uint64_t number, uint64_t a, uint64_t b) {
  int64_t result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b) : "rcx", "r11", "memory");
  return result;
}
#else
/* Applications exist only in a guest; this lets a host compile and check them. */
static inline int64_t ix_system_call(uint64_t number, uint64_t a, uint64_t b) {
  (void)number, (void)a, (void)b;
  return IX_UNKNOWN_CALL;
}
#endif

/* The processor's time-stamp counter; `ticks_per_second` of the start-up page is its frequency. */
static inline __attribute__((always_inline)) uint64_t ix_ticks(void) {
  return __builtin_ia32_rdtsc();
}

/* The page the kernel passed at the entry point; valid from then on. */
const ix_startup *ix_startup_page(void);
