/* An application that breaks one rule, chosen by its arguments, to show what the kernel does about
 * it. Wherever it survives it says so and exits with status 0 or, if it got away with it, 99. */
#include "ix.h"

#if !defined(__linux__)

enum { GOT_AWAY = 99, KERNEL_TEXT_START = 0x100000 };
static const uint64_t kernel_base = 0xFFFFFFFF80000000;
static const uint64_t direct_map = 0xFFFF800000000000;

static ix_call *calls;
static const ix_event *events;

static void say(const char *text) {
  uint64_t count = 0;
  while (text[count] != 0) count++;
  ix_system_call(IX_SYSCALL_WRITE, (uint64_t)text, count);
}

static void say_status(const char *what, int64_t status) {
  char digits[] = " -0\n";
  say(what);
  if (status >= 0) {
    say(" allowed\n");
    ix_system_call(IX_SYSCALL_EXIT, GOT_AWAY, 0);
  }
  digits[2] = (char)('0' - status);
  say(digits);
}

static int is(const char *word) {
  const ix_startup *page = ix_startup_page();
  const char *given = (const char *)page->arguments;
  uint64_t index = 0;
  for (; index < page->arguments_byte_count; index++)
    if (word[index] == 0 || given[index] != word[index]) return 0;
  return word[index] == 0;
}

/* Accepts the first connection to port 7 and returns the event of its first bytes. */
static ix_event first_bytes(void) {
  uint64_t call_count = 0;
  ix_system_call(IX_SYSCALL_LISTEN, 7, 0);
  for (;;) {
    int64_t count = ix_system_call(IX_SYSCALL_POLL, call_count, 0);
    call_count = 0;
    for (int64_t i = 0; i < count; i++) {
      if (events[i].kind == IX_EVENT_TCP_RECEIVED) return events[i];
      if (events[i].kind != IX_EVENT_TCP_KNOCK) continue;
      calls[call_count++] = (ix_call){.operation = IX_CALL_TCP_ACCEPT, .handle = events[i].handle};
    }
  }
}

static void write_to(uint64_t address) { *(volatile uint8_t *)address = 1; }

static void send_from(const char *what, ix_handle handle, uint64_t address, uint64_t count) {
  calls[0] = (ix_call){
      .operation = IX_CALL_TCP_SEND, .handle = handle, .address = address, .byte_count = count};
  ix_system_call(IX_SYSCALL_FLUSH, 1, 0);
  say_status(what, calls[0].result);
}

/* Every kind of pointer a batched call must refuse. */
static void send_foreign_pointers(void) {
  ix_event event = first_bytes();
  const ix_startup *page = ix_startup_page();
  send_from("kernel text", event.handle, kernel_base + KERNEL_TEXT_START, 64);
  send_from("direct map", event.handle, direct_map + KERNEL_TEXT_START, 64);
  send_from("non-canonical", event.handle, 0x8000000000000000, 64);
  send_from("null", event.handle, 0, 64);
  send_from("past the heap", event.handle, page->heap + page->heap_byte_count - 8, 64);
  send_from("wrapping", event.handle, page->heap, ~(uint64_t)0);
  send_from("forged handle", event.handle ^ ((uint64_t)1 << 40), page->heap, 64);
  calls[0] = (ix_call){.operation = IX_CALL_TCP_SEND,
                       .handle = event.handle,
                       .address = kernel_base + KERNEL_TEXT_START,
                       .vector_count = 2};
  ix_system_call(IX_SYSCALL_FLUSH, 1, 0);
  say_status("kernel vectors", calls[0].result);
  calls[0].address = page->heap;
  calls[0].vector_count = 0x80000000;
  ix_system_call(IX_SYSCALL_FLUSH, 1, 0);
  say_status("2^31 vectors", calls[0].result);
  calls[0] = (ix_call){.operation = IX_CALL_TCP_RECEIVE_DONE,
                       .handle = event.handle,
                       .buffer = event.buffer + 1,
                       .byte_count = event.byte_count};
  ix_system_call(IX_SYSCALL_FLUSH, 1, 0);
  say_status("foreign buffer", calls[0].result);
  calls[0].buffer = event.buffer;
  calls[1] = calls[0];
  ix_system_call(IX_SYSCALL_FLUSH, 2, 0);
  say_status("buffer returned twice", calls[1].result);
  calls[0] = (ix_call){.operation = 12345};
  ix_system_call(IX_SYSCALL_FLUSH, 1, 0);
  say_status("unknown call", calls[0].result);
}

static void make_bad_system_calls(void) {
  say_status("unknown system call", ix_system_call(4711, 0, 0));
  say_status("console write from kernel",
             ix_system_call(IX_SYSCALL_WRITE, kernel_base + KERNEL_TEXT_START, 64));
  say_status("console write from null", ix_system_call(IX_SYSCALL_WRITE, 0, 64));
  say_status("2^63 calls", ix_system_call(IX_SYSCALL_POLL, (uint64_t)1 << 63, 0));
  say_status("port 0", ix_system_call(IX_SYSCALL_LISTEN, 0, 0));
}

static uint64_t overflow_stack(uint64_t depth) {
  volatile uint8_t frame[4096];
  frame[depth % sizeof frame] = (uint8_t)depth;
  return overflow_stack(depth + 1) + frame[0];
}

static void __attribute__((noreturn)) stay_away(void) {
  say("probe: staying away\n");
  for (;;) __asm__ volatile("pause");
}

/* Accepts everything, keeps every buffer and returns none. */
static void hold_every_buffer(void) {
  uint64_t call_count = 0, held = 0;
  ix_system_call(IX_SYSCALL_LISTEN, 7, 0);
  ix_system_call(IX_SYSCALL_BIND, 7, 0);
  for (;;) {
    int64_t count = ix_system_call(IX_SYSCALL_POLL, call_count, 0);
    call_count = 0;
    for (int64_t i = 0; i < count; i++) {
      if (events[i].kind == IX_EVENT_TCP_RECEIVED || events[i].kind == IX_EVENT_UDP_RECEIVED) {
        if (++held == 3500) say("probe: holding 3500 buffers\n");
      } else if (events[i].kind == IX_EVENT_TCP_KNOCK) {
        calls[call_count++] =
            (ix_call){.operation = IX_CALL_TCP_ACCEPT, .handle = events[i].handle};
      }
    }
  }
}

/* Nobody takes these steps, so that they change nothing. */
static int single_step(void) {
  uint64_t sum = 1;
  __asm__ volatile("pushf; orq $0x100, (%%rsp); popf; add $2, %0; add $3, %0" : "+r"(sum) : : "cc");
  say(sum == 6 ? "probe: went on\n" : "probe: lost its way\n");
  return 0;
}

int main(void) {
  const ix_startup *page = ix_startup_page();
  calls = (ix_call *)page->calls;
  events = (const ix_event *)page->events;
  if (is("write-received-buffer")) write_to(first_bytes().address);
  else if (is("write-events")) write_to(page->events);
  else if (is("write-startup-page")) write_to((uint64_t)page);
  else if (is("write-own-text")) write_to((uint64_t)&main);
  else if (is("write-kernel-memory")) write_to(kernel_base + KERNEL_TEXT_START);
  else if (is("read-kernel-memory")) return *(volatile uint8_t *)(direct_map + KERNEL_TEXT_START);
  else if (is("execute-stack")) {
    volatile uint8_t code[1] = {0xC3};
    ((void (*)(void))code)();
  } else if (is("execute-heap")) {
    *(volatile uint8_t *)page->heap = 0xC3;
    ((void (*)(void))page->heap)();
  } else if (is("overflow-stack")) return (int)overflow_stack(0);
  else if (is("privileged-instruction")) __asm__ volatile("cli");
  else if (is("port-access")) __asm__ volatile("outb %%al, $0xF4" : : "a"(0x10));
  else if (is("divide-by-zero")) __asm__ volatile("xor %%ecx, %%ecx; div %%ecx" : : : "rax", "rcx", "rdx");
  else if (is("send-foreign-pointers")) return send_foreign_pointers(), 0;
  else if (is("bad-system-calls")) return make_bad_system_calls(), 0;
  else if (is("single-step")) return single_step();
  else if (is("exit-3")) return 3;
  else if (is("stay-away")) stay_away();
  else if (is("accept-and-stay-away")) first_bytes(), stay_away();
  else if (is("hold-every-buffer")) hold_every_buffer();
  else return say("probe: no such rule\n"), GOT_AWAY;
  return GOT_AWAY;
}

#else
int main(void) { return IX_OK; }
#endif
