/* What the poller needs of DPDK, as plain functions: its own headers are full of inline functions and
 * bit fields that Swift cannot import. Functions that can fail return 0 or -errno. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* What is known, or asked for, about the checksum of a frame's TCP or UDP part. */
enum {
  /* The field holds the pseudo-header sum only; whoever sends the frame on completes it. */
  IX_CHECKSUM_PARTIAL = 1,
  /* Somebody trustworthy has verified it. */
  IX_CHECKSUM_VERIFIED = 2,
};

/* One frame in a buffer of DPDK's, in one piece. */
typedef struct {
  void *buffer;
  uint8_t *bytes;
  uint32_t byte_count;
  /* Payload bytes of each segment that a TCP frame has to be cut into; 0 for none. */
  uint16_t segment_byte_count;
  /* IX_CHECKSUM_ of above. */
  uint16_t checksum;
} ix_frame;

/* What the sender of a frame leaves to the port; lengths in bytes. */
typedef struct {
  uint16_t link_byte_count, network_byte_count, transport_byte_count;
  /* As in ix_frame. */
  uint16_t segment_byte_count;
  bool is_ipv6, is_tcp;
} ix_offload;

/* ---- The library itself (EAL) ---- */

/* Starts DPDK for one poller and the one port that `device` names ("net_tap0,iface=x", or the address
 * of a PCI function, with arguments). Nothing is shared with other programs. Call once. */
int ix_dpdk_start(const char *device, bool is_pci, bool uses_huge_pages, unsigned memory_megabytes);
void ix_dpdk_stop(void);
/* What DPDK had to say about errors so far, as lines; the beginning, if it was much. With `aloud` it
 * says further ones on standard error. */
const char *ix_dpdk_words(bool aloud);

/* ---- Requests to this process ---- */

enum { IX_REQUEST_STOP = 1, IX_REQUEST_REPORT = 2 };
/* From now on SIGINT, SIGTERM and SIGHUP request the end and SIGUSR1 a report. With `follows_parent`
 * the end of whoever started this process does too. */
int ix_requests_open(bool follows_parent);
/* What was requested since the last call: IX_REQUEST_ bits. */
unsigned ix_requests_take(void);

/* A clock that never goes back, nanoseconds. */
uint64_t ix_nanoseconds(void);
/* Sleeps; a signal ends it early. */
void ix_nap(uint64_t nanoseconds);

/* ---- Buffers ---- */

/* Makes `count` buffers for frames of up to `byte_count` bytes. Call once. */
int ix_buffers_make(unsigned count, unsigned byte_count);
/* How many are free. */
unsigned ix_buffers_free(void);
/* An empty frame of at most the capacity of ix_buffers_make; false when none is free. */
bool ix_frame_make(ix_frame *frame, uint32_t byte_count);
void ix_frame_release(ix_frame frame);
/* Leaves what `offload` says to whoever gets the frame: the port completes checksum and segments, the
 * guest takes the checksum for right. */
void ix_frame_offload(ix_frame frame, const ix_offload *offload);

/* ---- Ports (ethdev) ---- */

typedef struct {
  uint16_t identifier;
  char driver[32];
  uint8_t address[6];
  uint16_t receive_queue_limit, transmit_queue_limit;
  /* Most bytes behind the Ethernet header. */
  uint16_t mtu;
  /* It spreads TCP and UDP over its receive queues by their hash. */
  bool hashes;
  bool completes_tcp, completes_udp, segments_tcp, verifies;
} ix_port;

/* Finds the port that ix_dpdk_start made of its `device`. -ENODEV when there is none. */
int ix_port_find(ix_port *port);
/* Configures `queue_count` queue pairs and starts the port. */
int ix_port_start(const ix_port *port, uint16_t queue_count, const uint8_t *hash_key,
                  unsigned hash_key_byte_count);
void ix_port_stop(const ix_port *port);
/* Returns how many frames it has put at `frames`. */
unsigned ix_port_receive(const ix_port *port, uint16_t queue, ix_frame *frames, unsigned limit);
/* Gives all frames away; returns how many of them the port has taken, the others are lost. */
unsigned ix_port_transmit(const ix_port *port, uint16_t queue, const ix_frame *frames,
                          unsigned count);

/* ---- The guest (rte_vhost, as a back end) ---- */

/* Listens for a vhost-user front end at `path`. One guest at a time. */
int ix_guest_listen(const char *path);
void ix_guest_close(const char *path);
/* Between these two the guest, if there is one, does not go away. begin() is false without one. */
bool ix_guest_begin(void);
void ix_guest_end(void);
/* Whether a front end has been there and has gone. */
bool ix_guest_has_left(void);
/* Queue pairs that the guest has enabled, one bit each. */
uint64_t ix_guest_pairs(void);
/* Asks the guest not to notify of what it puts in the queues of `pair`: they are polled. */
void ix_guest_is_polled(unsigned pair);
/* Whether the guest accepts frames with IX_CHECKSUM_PARTIAL (VIRTIO_NET_F_GUEST_CSUM). */
bool ix_guest_takes_partial(void);
/* Buffers the guest has ready for frames of this pair. */
unsigned ix_guest_room(unsigned pair);
unsigned ix_guest_receive(unsigned pair, ix_frame *frames, unsigned limit);
/* As ix_port_transmit. */
unsigned ix_guest_transmit(unsigned pair, const ix_frame *frames, unsigned count);
