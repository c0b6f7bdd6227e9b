/* The binary contract between an application (ring 3) and its dataplane kernel (ring 0).
 *
 * Both sides share three arrays per core: batched calls (written by the application), event
 * conditions (read-only in ring 3) and the start-up page (read-only in ring 3). Layouts are fixed
 * here, once, for Swift and C. Numbers are append-only; IX_ABI_VERSION changes when a layout does.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define IX_ABI_VERSION 1u

/* Identifies a TCP connection on one core: index (bits 0..23), flow group (24..39),
 * generation (40..62); never negative. Opaque to the application; a stale or forged handle is IX_STALE_HANDLE. */
typedef uint64_t ix_handle;

/* ---- Direct system calls -------------------------------------------------------------------
 * SYSCALL with the number in rax and arguments in rdi, rsi, rdx. The result is in rax: zero or a
 * positive value on success, a negative ix_status otherwise. rcx and r11 are lost; every other
 * register, vector registers included, is kept. */
enum {
  IX_SYSCALL_POLL = 0,    /* (call_count, IX_POLL_...) -> event_count: one cycle of the elastic thread */
  IX_SYSCALL_FLUSH = 1,   /* (call_count) -> 0: runs and transmits the batch, receives nothing */
  IX_SYSCALL_WRITE = 2,   /* (address, byte_count) -> bytes written to the console */
  IX_SYSCALL_EXIT = 3,    /* (status) does not return; 0 is success */
  IX_SYSCALL_LISTEN = 4,  /* (port) -> 0: knocks for TCP connections to `port` are delivered */
  IX_SYSCALL_CORES = 5,   /* () -> cores of this dataplane */
  IX_SYSCALL_BIND = 6,    /* (port) -> 0: UDP datagrams to `port` are delivered */
};

/* Flags of IX_SYSCALL_POLL; bits that are not listed are ignored. */
enum {
  /* IX_EVENT_TCP_RECEIVED may say in `acknowledged` and `window` what an IX_EVENT_TCP_SENT just
   * before it would have said. */
  IX_POLL_MERGES_SENT = 1,
  /* The application answers IX_EVENT_TCP_LEAVING, so that its connections may go to another core.
   * Without it they stay where they are. */
  IX_POLL_LETS_CONNECTIONS_GO = 2,
};

/* ---- Status --------------------------------------------------------------------------------- */
typedef int32_t ix_status;
enum {
  IX_OK = 0,
  IX_UNKNOWN_CALL = -1,
  IX_BAD_ADDRESS = -2,      /* a range is not wholly inside memory the application may use so */
  IX_BAD_ARGUMENT = -3,
  IX_STALE_HANDLE = -4,     /* no such connection now, or not on this core */
  IX_WRONG_STATE = -5,      /* the connection exists but cannot do that in its state */
  IX_NO_RESOURCES = -6,     /* a pool is exhausted; try again after events have been handled */
  IX_PORT_IN_USE = -7,
  IX_UNREACHABLE = -8,
};

/* ---- Batched calls -------------------------------------------------------------------------- */
enum {
  IX_CALL_NONE = 0,
  IX_CALL_UDP_SEND = 1,          /* as TCP_SEND, from local_port to remote_...; cookie: for UDP_SENT */
  IX_CALL_UDP_RECEIVE_DONE = 2,  /* buffer of one IX_EVENT_UDP_RECEIVED */
  IX_CALL_TCP_CONNECT = 3,       /* remote_..., cookie; result = handle, then TCP_CONNECTED */
  IX_CALL_TCP_ACCEPT = 4,        /* cookie: returned in every later event of the connection */
  IX_CALL_TCP_REJECT = 5,
  IX_CALL_TCP_SEND = 6,          /* address, byte_count or vector_count; result = bytes taken */
  IX_CALL_TCP_RECEIVE_DONE = 7,  /* buffer, byte_count of one IX_EVENT_TCP_RECEIVED */
  IX_CALL_TCP_SHUTDOWN = 8,      /* no more data from this side: FIN after what was sent */
  IX_CALL_TCP_CLOSE = 9,         /* FIN; the handle is dead to the application from now on */
  IX_CALL_TCP_ABORT = 10,        /* RST; the handle is dead to the application from now on */
  IX_CALL_TIMER_ARM = 11,        /* handle: timer number; byte_count: nanoseconds from now; cookie */
  IX_CALL_TIMER_CANCEL = 12,     /* handle: timer number; does nothing when it is not armed */
  /* address, byte_count, buffer of (a part of) one IX_EVENT_TCP_RECEIVED of the same connection: sends
   * the bytes back and returns the buffer; the window opens when the peer has acknowledged them.
   * result = byte_count; anything else: nothing was done, the buffer is still the application's. */
  IX_CALL_TCP_SEND_RECEIVED = 13,
  IX_CALL_TCP_CONFIGURE = 14,    /* buffer: IX_OPTION_...; byte_count: its value */
  /* After IX_EVENT_TCP_LEAVING: the connection may go, and the handle is dead. cookie: what
   * IX_EVENT_TCP_ARRIVED says of it on the other core. IX_NO_RESOURCES: not before all received buffers
   * are returned and all bytes acknowledged. IX_WRONG_STATE: it is not to go, or not any more. */
  IX_CALL_TCP_LEAVE = 15,
};

/* Options of one connection, for IX_CALL_TCP_CONFIGURE. All are off or the dataplane's to begin with;
 * intervals are in milliseconds. */
enum {
  /* 1: Nagle's algorithm, a segment that is not full waits while another is unacknowledged; 0: not */
  IX_OPTION_COALESCING = 1,
  /* A peer that was not heard for so long is asked whether it is there, and the connection ends by
   * IX_REASON_TIMED_OUT when several such questions stay without an answer; 10 or more, 0: never */
  IX_OPTION_KEEP_ALIVE = 2,
  /* The connection ends by IX_REASON_TIMED_OUT when bytes stay unacknowledged for so long;
   * 0: the dataplane's own limit, 100 s */
  IX_OPTION_USER_TIMEOUT = 3,
};

/* One element of a scatter-gather list. */
typedef struct {
  uint64_t address;
  uint64_t byte_count;
} ix_vector;

/* At most this many vectors in one IX_CALL_TCP_SEND. */
#define IX_VECTOR_LIMIT 16u

/* Timers. An application has `timer_capacity` of them on each core and numbers them itself, so that
 * there is nothing to wait for and nothing to look up: arming an armed timer moves it and replaces
 * its cookie. A timer fires once, never early, at most about 20 us late while the application polls.
 * A timer that is cancelled or moved may have fired in the cycle before; its cookie tells. */

/* One batched call: exactly one cache line. The kernel writes `result` and nothing else. */
typedef struct {
  uint32_t operation;    /* IX_CALL_... */
  uint32_t vector_count; /* 0: `address` and `byte_count` are the bytes themselves */
  ix_handle handle;
  uint64_t cookie;
  uint64_t address;      /* bytes, or vector_count ix_vectors */
  uint64_t byte_count;
  uint32_t buffer;       /* receive buffer, as named by the event; IX_OPTION_... */
  uint16_t remote_port;
  uint16_t local_port;
  uint32_t remote_address; /* IPv4, host byte order */
  uint32_t reserved;
  int64_t result;        /* bytes or handle when >= 0, ix_status when < 0 */
} ix_call;
_Static_assert(sizeof(ix_call) == 64, "one cache line");
_Static_assert(offsetof(ix_call, result) == 56, "append-only");

/* ---- Event conditions ----------------------------------------------------------------------- */
enum {
  IX_EVENT_NONE = 0,
  IX_EVENT_UDP_RECEIVED = 1,     /* address, byte_count, buffer: return it by UDP_RECEIVE_DONE */
  IX_EVENT_UDP_SENT = 2,         /* cookie: of the UDP_SEND whose bytes may be changed again */
  IX_EVENT_TCP_KNOCK = 3,        /* a peer completed a handshake: accept or reject it */
  IX_EVENT_TCP_CONNECTED = 4,    /* reason: 0, or why the attempt failed */
  IX_EVENT_TCP_RECEIVED = 5,     /* address, byte_count, buffer: return it by RECEIVE_DONE */
  IX_EVENT_TCP_SENT = 6,         /* byte_count acknowledged; window: bytes that may be sent now */
  IX_EVENT_TCP_PEER_CLOSED = 7,  /* the peer sent FIN: nothing more will be received */
  IX_EVENT_TCP_DEAD = 8,         /* reason; the handle is invalid from now on */
  IX_EVENT_TIMER_FIRED = 9,      /* handle: timer number, free again; cookie: as it was armed */
  IX_EVENT_MESSAGE = 10,
  /* The connection is wanted on another core, and nothing is received until it has got there: let it go
   * by TCP_LEAVE, now or when it is at rest. Whoever does not is asked for a quarter of a second. */
  IX_EVENT_TCP_LEAVING = 11,
  /* A connection has come from another core, or was let go and has stayed after all. cookie: of
   * TCP_LEAVE; remote_..., local_port. To be accepted or rejected like one that knocks. */
  IX_EVENT_TCP_ARRIVED = 12,
};

/* Why a connection ended (ix_event.reason). */
enum {
  IX_REASON_NONE = 0,
  IX_REASON_CLOSED = 1,          /* both directions closed in order */
  IX_REASON_RESET = 2,           /* the peer reset the connection */
  IX_REASON_TIMED_OUT = 3,       /* the peer stopped answering */
  IX_REASON_UNREACHABLE = 4,
  IX_REASON_REFUSED = 5,
  IX_REASON_NO_RESOURCES = 6,
};

/* One event condition: exactly one cache line, read-only in ring 3. */
typedef struct {
  uint16_t kind;         /* IX_EVENT_... */
  uint16_t reason;       /* IX_REASON_... */
  uint32_t byte_count;
  ix_handle handle;
  uint64_t cookie;
  uint64_t address;      /* of the received bytes, in the receive window */
  uint32_t buffer;
  uint32_t window;
  uint16_t remote_port;
  uint16_t local_port;
  uint32_t remote_address; /* IPv4, host byte order */
  uint32_t acknowledged;   /* with IX_POLL_MERGES_SENT: bytes acknowledged, before these arrived */
  uint32_t reserved0;
  uint64_t reserved1;
} ix_event;
_Static_assert(sizeof(ix_event) == 64, "one cache line");

/* ---- Start-up page --------------------------------------------------------------------------
 * rdi at the application's entry point; read-only in ring 3. */
typedef struct {
  uint32_t abi_version;
  uint32_t core_index;
  uint32_t core_count;
  uint32_t reserved0;
  uint64_t calls;               /* ix_call[call_capacity] */
  uint64_t events;              /* const ix_event[event_capacity] */
  uint32_t call_capacity;
  uint32_t event_capacity;
  uint64_t heap;                /* memory for the application, 2 MiB aligned, contents undefined */
  uint64_t heap_byte_count;
  uint64_t arguments;           /* UTF-8, from the kernel command line's `args=` */
  uint64_t arguments_byte_count;
  uint64_t ticks_per_second;    /* of the time-stamp counter */
  uint64_t content;             /* the image's content, page-aligned and read-only; 0 without one */
  uint64_t content_byte_count;
  uint32_t timer_capacity;      /* timers of this core, numbered from 0 by the application */
  uint32_t reserved1;
} ix_startup;

/* ---- For the kernel ------------------------------------------------------------------------
 * A private copy of a call or vector that another core's ring 3 may be changing: every word is
 * read exactly once, so what is checked is what is used. */
static inline __attribute__((always_inline)) ix_call ix_call_snapshot(const ix_call *shared) {
  const volatile ix_call *s = shared;
  ix_call call;
  call.operation = s->operation;
  call.vector_count = s->vector_count;
  call.handle = s->handle;
  call.cookie = s->cookie;
  call.address = s->address;
  call.byte_count = s->byte_count;
  call.buffer = s->buffer;
  call.remote_port = s->remote_port;
  call.local_port = s->local_port;
  call.remote_address = s->remote_address;
  call.reserved = 0;
  call.result = 0;
  return call;
}

/* The same of what most calls have; the rest is 0. */
static inline __attribute__((always_inline)) ix_call ix_usual_snapshot(const ix_call *shared) {
  const volatile ix_call *s = shared;
  ix_call call = {0};
  call.operation = s->operation;
  call.vector_count = s->vector_count;
  call.handle = s->handle;
  call.address = s->address;
  call.byte_count = s->byte_count;
  call.buffer = s->buffer;
  return call;
}

static inline __attribute__((always_inline)) ix_vector ix_vector_snapshot(const ix_vector *shared) {
  const volatile ix_vector *s = shared;
  ix_vector vector;
  vector.address = s->address;
  vector.byte_count = s->byte_count;
  return vector;
}
