/* Issues `count` random direct and batched calls, with random, boundary, kernel, unmapped, stale and
 * foreign arguments among honest ones, says how often each status came back, and then serves an
 * honest echo on port 7 from the same kernel. Arguments: seed=N count=N. */
#include "ix.h"

#if !defined(__linux__)

enum { PORT = 7, BATCH = 64, HANDLES = 256, BUFFERS = 256, STATUSES = 9, HOST = 0x0A090001 };

static uint64_t state;
static ix_call *calls;
static const ix_event *events;
static const ix_startup *page;
static ix_handle handles[HANDLES]; /* of connections, some of which have ended */
static ix_call buffers[BUFFERS];   /* how to return received buffers, some of which were */
static ix_vector vectors[32];
static uint8_t scratch[4096];
static uint64_t counts[STATUSES + 1];

/* Steele, Lea and Flood, OOPSLA 2014. */
static uint64_t any(void) {
  uint64_t z = (state += 0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}
static uint64_t below(uint64_t limit) { return any() % limit; }

static void say(const char *text) {
  uint64_t count = 0;
  while (text[count] != 0) count++;
  ix_system_call(IX_SYSCALL_WRITE, (uint64_t)text, count);
}

static void say_number(uint64_t value) {
  char digits[21];
  int first = 20;
  digits[20] = 0;
  do digits[--first] = (char)('0' + value % 10);
  while ((value /= 10) > 0);
  say(digits + first);
}

static uint64_t argument(const char *key, uint64_t otherwise) {
  const char *text = (const char *)page->arguments;
  uint64_t length = 0, value = 0;
  while (key[length] != 0) length++;
  for (uint64_t i = 0; i + length < page->arguments_byte_count; i++) {
    uint64_t k = 0;
    while (k < length && text[i + k] == key[k]) k++;
    if (k < length) continue;
    for (i += length; i < page->arguments_byte_count && text[i] >= '0' && text[i] <= '9'; i++)
      value = value * 10 + (uint64_t)(text[i] - '0');
    return value;
  }
  return otherwise;
}

static void record(int64_t result) {
  if (result >= 0) counts[0]++;
  else if (result > -STATUSES) counts[-result]++;
  else counts[STATUSES]++;
}

static uint64_t some_number(void) {
  static const uint64_t edges[] = {0, 1, 2, 63, 64, 65, 1460, 4096, 65535, 65536, 0x7FFFFFFF,
                                   0x80000000, 0xFFFFFFFF, 0x100000000, 0x7FFFFFFFFFFFFFFF,
                                   0x8000000000000000, 0xFFFFFFFFFFFFFFFF};
  switch (below(4)) {
  case 0: return edges[below(sizeof edges / sizeof *edges)];
  case 1: return any();
  default: return below(2000);
  }
}

static uint64_t some_address(void) {
  uint64_t bases[] = {0, page->heap, page->heap + page->heap_byte_count, (uint64_t)scratch,
                      (uint64_t)vectors, (uint64_t)calls, (uint64_t)events, (uint64_t)page,
                      (uint64_t)&some_number, (uint64_t)&bases, 0x2000000000, buffers[0].address,
                      0xFFFFFFFF80100000, 0xFFFF800000100000, 0xFFFFC000FEE00000,
                      0x0000800000000000, 0x7FFF00000000, 0xFFFFFFFFFFFFFFF0};
  uint64_t base = bases[below(sizeof bases / sizeof *bases)];
  switch (below(4)) {
  case 0: return any();
  case 1: return base - below(4096);
  case 2: return base + below(1 << 22);
  default: return base;
  }
}

static ix_handle some_handle(void) {
  ix_handle handle = handles[below(HANDLES)];
  switch (below(4)) {
  case 0: return handle ^ (uint64_t)1 << below(64);
  case 1: return some_number();
  default: return handle;
  }
}

static void fill_vectors(void) {
  for (uint64_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
    vectors[i] = below(3) ? (ix_vector){(uint64_t)scratch + below(2048), below(2048)}
                          : (ix_vector){some_address(), some_number()};
}

static uint32_t some_host(void) {
  static const uint32_t others[] = {0, 0xFFFFFFFF, 0x7F000001, 0x0A0900FF, 0x0A090002, 0xE0000001,
                                    0x0A090063};
  return below(4) ? HOST : others[below(sizeof others / sizeof *others)];
}

static ix_call some_call(void) {
  ix_call call = {.operation = below(10) ? (uint32_t)below(16) : (uint32_t)some_number(),
                  .vector_count = below(3) ? 0 : (uint32_t)below(20),
                  .handle = some_handle(),
                  .cookie = any(),
                  .address = below(2) ? (uint64_t)scratch : some_address(),
                  .byte_count = some_number(),
                  .buffer = (uint32_t)some_number(),
                  .remote_port = (uint16_t)any(),
                  .local_port = below(2) ? PORT : (uint16_t)any(),
                  .remote_address = some_host(),
                  .reserved = (uint32_t)any(),
                  .result = (int64_t)any()};
  if (call.operation == IX_CALL_TIMER_ARM && below(2)) call.handle = below(page->timer_capacity);
  if (call.vector_count > 0) {
    if (below(2)) call.address = (uint64_t)vectors;
    if (below(16) == 0) call.vector_count = (uint32_t)some_number();
  }
  if (below(4) == 0) {
    /* A buffer as it was lent, perhaps one that has been returned. */
    ix_call done = buffers[below(BUFFERS)];
    call.operation = below(4) ? done.operation : IX_CALL_UDP_RECEIVE_DONE;
    call.buffer = done.buffer;
    if (below(2)) call.handle = done.handle;
  }
  return call;
}

/* Never write to the console what is not ours, never exit; everything else. */
static void call_directly(void) {
  uint64_t number = below(8) ? below(9) : any();
  if (number == IX_SYSCALL_EXIT) number = IX_SYSCALL_CORES;
  uint64_t a = below(2) ? some_number() : some_address(), b = some_number();
  if (number == IX_SYSCALL_WRITE && a < 0x800000000000) a |= (uint64_t)1 << 63;
  if (number == IX_SYSCALL_POLL && a <= page->call_capacity) a += 1 + page->call_capacity;
  if (number == IX_SYSCALL_LISTEN && a < 65536 && below(64)) a = PORT; /* each says a line */
  record(ix_system_call(number, a, b));
}

/* Runs one call outside the random batch. */
static void perform(ix_call call) {
  calls[0] = call;
  ix_system_call(IX_SYSCALL_FLUSH, 1, 0);
}

static void keep_handle(ix_handle handle) {
  uint64_t index = below(HANDLES);
  perform((ix_call){.operation = IX_CALL_TCP_ABORT, .handle = handles[index]});
  handles[index] = handle;
}

static void keep_buffer(const ix_event *event) {
  uint64_t index = below(BUFFERS);
  perform(buffers[index]);
  buffers[index] = (ix_call){.operation = event->kind == IX_EVENT_UDP_RECEIVED
                                              ? IX_CALL_UDP_RECEIVE_DONE
                                              : IX_CALL_TCP_RECEIVE_DONE,
                             .handle = event->handle,
                             .address = event->address,
                             .byte_count = event->byte_count,
                             .buffer = event->buffer};
}

static void look_at(const ix_event *event) {
  if (event->kind == IX_EVENT_TCP_KNOCK) {
    perform((ix_call){.operation = IX_CALL_TCP_ACCEPT, .handle = event->handle});
    keep_handle(event->handle);
  } else if (event->kind == IX_EVENT_TCP_RECEIVED || event->kind == IX_EVENT_UDP_RECEIVED) {
    keep_buffer(event);
  }
}

/* A poll that comes back at once: a timer has fired. */
static void poll(void) {
  calls[0] = (ix_call){.operation = IX_CALL_TIMER_ARM};
  int64_t count = ix_system_call(IX_SYSCALL_POLL, 1, 0);
  for (int64_t i = 0; i < count; i++) look_at(&events[i]);
}

static uint64_t run_batch(void) {
  uint64_t count = 1 + below(BATCH);
  fill_vectors();
  for (uint64_t i = 0; i < count; i++) calls[i] = some_call();
  record(ix_system_call(IX_SYSCALL_FLUSH, count, 0));
  ix_handle opened[BATCH];
  uint64_t opened_count = 0;
  for (uint64_t i = 0; i < count; i++) {
    record(calls[i].result);
    if (calls[i].operation == IX_CALL_TCP_CONNECT && calls[i].result > 0)
      opened[opened_count++] = (ix_handle)calls[i].result;
  }
  while (opened_count > 0) keep_handle(opened[--opened_count]);
  return count + 1;
}

static void fuzz(uint64_t count) {
  for (uint64_t done = 0; done < count;) {
    done += run_batch();
    if (below(4) == 0) call_directly(), done++;
    if (below(4) == 0) poll();
  }
  for (int i = 0; i < HANDLES; i++)
    perform((ix_call){.operation = IX_CALL_TCP_ABORT, .handle = handles[i]});
  for (int i = 0; i < BUFFERS; i++) perform(buffers[i]);
  for (uint64_t i = 0; i < page->timer_capacity; i++)
    perform((ix_call){.operation = IX_CALL_TIMER_CANCEL, .handle = i});
}

static void report(void) {
  say("fuzz: ok ");
  say_number(counts[0]);
  for (int i = 1; i < STATUSES; i++) {
    say(" -");
    say_number((uint64_t)i);
    say(" ");
    say_number(counts[i]);
  }
  say(" unknown ");
  say_number(counts[STATUSES]);
  say("\nfuzz: serving\n");
}

/* Small messages come back from where they lie; the kernel keeps a buffer that it still reads. */
static void serve(void) {
  uint64_t call_count = 0;
  for (;;) {
    int64_t count = ix_system_call(IX_SYSCALL_POLL, call_count, 0);
    call_count = 0;
    for (int64_t i = 0; i < count; i++) {
      ix_call call = {.handle = events[i].handle,
                      .address = events[i].address,
                      .byte_count = events[i].byte_count,
                      .buffer = events[i].buffer};
      if (call_count + 2 > page->call_capacity) break;
      call.operation = events[i].kind == IX_EVENT_TCP_KNOCK         ? IX_CALL_TCP_ACCEPT
                       : events[i].kind == IX_EVENT_TCP_PEER_CLOSED ? IX_CALL_TCP_CLOSE
                       : events[i].kind == IX_EVENT_UDP_RECEIVED    ? IX_CALL_UDP_RECEIVE_DONE
                       : events[i].kind == IX_EVENT_TCP_RECEIVED    ? IX_CALL_TCP_SEND
                                                                    : IX_CALL_NONE;
      calls[call_count++] = call;
      if (events[i].kind != IX_EVENT_TCP_RECEIVED) continue;
      call.operation = IX_CALL_TCP_RECEIVE_DONE;
      calls[call_count++] = call;
    }
  }
}

int main(void) {
  page = ix_startup_page();
  calls = (ix_call *)page->calls;
  events = (const ix_event *)page->events;
  state = argument("seed=", 1);
  ix_system_call(IX_SYSCALL_LISTEN, PORT, 0);
  ix_system_call(IX_SYSCALL_BIND, PORT, 0);
  fuzz(argument("count=", 1000000));
  report();
  serve();
}

#else
int main(void) { return IX_OK; }
#endif
