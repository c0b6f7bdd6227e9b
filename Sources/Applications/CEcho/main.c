/* Sends every byte back from where it arrived (RFC 862), in C. Received buffers queue on their
 * connection, are sent from where they lie and go back when the peer has acknowledged them, so that a
 * peer that does not read stops being read. */
#include "ix.h"

#if !defined(__linux__)

enum { PORT = 7, CONNECTIONS = 4096, PIECES = 65536, NONE = -1 };

/* A received buffer on its way back. */
typedef struct {
  uint64_t address;
  uint32_t byte_count, buffer;
  int32_t next;
} piece;

typedef struct {
  ix_handle handle;
  int32_t first, last;     /* pieces not wholly acknowledged, oldest first */
  int32_t unsent;          /* the first of them the kernel has not taken whole */
  uint32_t taken;          /* bytes of `unsent` it has taken */
  uint32_t acknowledged;   /* bytes of `first` the peer has acknowledged */
  int32_t next_free;
  uint8_t is_offered;      /* a send is in the batch */
  uint8_t is_closing;      /* the peer will send nothing more */
} connection;

static connection connections[CONNECTIONS];
static piece pieces[PIECES];
static int32_t free_connection, free_piece;
static ix_call *calls;
static uint32_t call_count, call_capacity;

static void run_batch(void);

static void issue(ix_call call) {
  if (call_count == call_capacity) {
    ix_system_call(IX_SYSCALL_FLUSH, call_count, 0);
    run_batch();
  }
  calls[call_count++] = call;
}

static void receive_done(const connection *c, const piece *p) {
  issue((ix_call){.operation = IX_CALL_TCP_RECEIVE_DONE,
                  .handle = c->handle,
                  .buffer = p->buffer,
                  .byte_count = p->byte_count});
}

/* Gives the first piece back to the network. */
static void remove_first(connection *c) {
  int32_t index = c->first;
  receive_done(c, &pieces[index]);
  c->first = pieces[index].next;
  c->acknowledged = 0;
  pieces[index].next = free_piece;
  free_piece = index;
}

static void release(connection *c) {
  while (c->first != NONE) remove_first(c);
  c->handle = 0;
  c->next_free = free_connection;
  free_connection = (int32_t)(c - connections);
}

static void close_if_done(connection *c) {
  if (!c->is_closing || c->first != NONE || c->is_offered) return;
  issue((ix_call){.operation = IX_CALL_TCP_CLOSE, .handle = c->handle});
  release(c);
}

/* One send at a time, of the first piece the kernel has not taken. */
static void offer(connection *c) {
  if (c->is_offered || c->unsent == NONE) return;
  const piece *p = &pieces[c->unsent];
  c->is_offered = 1;
  issue((ix_call){.operation = IX_CALL_TCP_SEND,
                  .handle = c->handle,
                  .cookie = (uint64_t)(c - connections),
                  .address = p->address + c->taken,
                  .byte_count = p->byte_count - c->taken});
}

/* What became of the sends; whatever was taken whole makes room for the next piece. */
static void run_batch(void) {
  uint32_t count = call_count;
  call_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    ix_call call = calls[i];
    if (call.operation != IX_CALL_TCP_SEND) continue;
    connection *c = &connections[call.cookie];
    if (c->handle != call.handle) continue;
    c->is_offered = 0;
    if (call.result <= 0) continue;
    c->taken += (uint32_t)call.result;
    if (c->taken < pieces[c->unsent].byte_count) continue;
    c->taken = 0;
    c->unsent = pieces[c->unsent].next;
    offer(c);
  }
}

static void knocked(const ix_event *event) {
  int32_t index = free_connection;
  uint32_t answer = index == NONE ? IX_CALL_TCP_REJECT : IX_CALL_TCP_ACCEPT;
  issue((ix_call){.operation = answer, .handle = event->handle, .cookie = (uint64_t)index});
  if (index == NONE) return;
  free_connection = connections[index].next_free;
  connections[index] =
      (connection){.handle = event->handle, .first = NONE, .last = NONE, .unsent = NONE};
}

static void received(connection *c, const ix_event *event) {
  piece new_piece = {event->address, event->byte_count, event->buffer, NONE};
  int32_t index = free_piece;
  if (index == NONE) {
    receive_done(c, &new_piece);
    issue((ix_call){.operation = IX_CALL_TCP_ABORT, .handle = c->handle});
    return release(c);
  }
  free_piece = pieces[index].next;
  pieces[index] = new_piece;
  if (c->first == NONE) c->first = index;
  else pieces[c->last].next = index;
  c->last = index;
  if (c->unsent == NONE) c->unsent = index;
  offer(c);
}

static void sent(connection *c, uint32_t byte_count) {
  while (byte_count > 0 && c->first != NONE) {
    uint32_t open = pieces[c->first].byte_count - c->acknowledged;
    if (byte_count < open) {
      c->acknowledged += byte_count;
      break;
    }
    byte_count -= open;
    remove_first(c);
  }
  offer(c);
}

static void handle(const ix_event *event) {
  if (event->kind == IX_EVENT_TCP_KNOCK) return knocked(event);
  connection *c = &connections[event->cookie];
  if (c->handle != event->handle) {
    /* Bytes for a connection that was given up in this round. */
    if (event->kind == IX_EVENT_TCP_RECEIVED)
      issue((ix_call){.operation = IX_CALL_TCP_RECEIVE_DONE,
                      .handle = event->handle,
                      .buffer = event->buffer,
                      .byte_count = event->byte_count});
    return;
  }
  if (event->kind == IX_EVENT_TCP_RECEIVED) received(c, event);
  else if (event->kind == IX_EVENT_TCP_SENT) sent(c, event->byte_count), close_if_done(c);
  else if (event->kind == IX_EVENT_TCP_PEER_CLOSED) c->is_closing = 1, close_if_done(c);
  else if (event->kind == IX_EVENT_TCP_DEAD) release(c);
}

int main(void) {
  const ix_startup *page = ix_startup_page();
  const ix_event *events = (const ix_event *)page->events;
  calls = (ix_call *)page->calls;
  call_capacity = page->call_capacity;
  for (int32_t i = 0; i < CONNECTIONS; i++)
    connections[i].next_free = i + 1 < CONNECTIONS ? i + 1 : NONE;
  for (int32_t i = 0; i < PIECES; i++) pieces[i].next = i + 1 < PIECES ? i + 1 : NONE;
  if (ix_system_call(IX_SYSCALL_LISTEN, PORT, 0) != IX_OK) return 1;
  for (;;) {
    int64_t count = ix_system_call(IX_SYSCALL_POLL, call_count, 0);
    run_batch();
    for (int64_t i = 0; i < count; i++) handle(&events[i]);
  }
}

#else
int main(void) { return IX_OK; }
#endif
