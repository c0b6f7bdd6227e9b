/* The memory wire between the two stacks, and lwIP's side of the comparison. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { WIRE_FRAME_LIMIT = 1536, WIRE_CAPACITY = 256 };

/* Frames on their way in one direction, oldest first. */
typedef struct {
  uint32_t first, end;
  uint16_t counts[WIRE_CAPACITY];
  uint8_t frames[WIRE_CAPACITY][WIRE_FRAME_LIMIT];
} wire;

static inline uint32_t wire_count(const wire *w) { return w->end - w->first; }
/* Where the next frame goes; there is room. */
static inline uint8_t *wire_slot(wire *w) { return w->frames[w->end % WIRE_CAPACITY]; }
static inline void wire_push(wire *w, uint16_t count) {
  w->counts[w->end % WIRE_CAPACITY] = count;
  w->end++;
}
static inline const uint8_t *wire_front(const wire *w) {
  return w->frames[w->first % WIRE_CAPACITY];
}
static inline uint16_t wire_front_count(const wire *w) {
  return w->counts[w->first % WIRE_CAPACITY];
}
static inline void wire_pop(wire *w) { w->first++; }

wire *wire_to_lwip(void);
wire *wire_to_ours(void);

/* What a side does with a connection. */
enum { ROLE_ECHO_SERVER, ROLE_ECHO_CLIENT, ROLE_BULK_RECEIVER, ROLE_BULK_SENDER };

/* Starts lwIP as 10.0.0.1; clients and senders connect to port 7 of 10.0.0.2 and exchange `count`
 * messages of 64 bytes, or send `count` segments of 1,460. */
void lwip_side_start(int role, uint64_t count);
void lwip_side_connect(void);
/* Messages echoed to the client, or segments' worth of bytes received. */
uint64_t lwip_side_progress(void);
/* Takes the oldest frame to completion. What this function executes is what is counted. */
void lwip_turn(void);
