#include "internal.h"
#include <errno.h>
#include <rte_ticketlock.h>
#include <rte_vhost.h>
#include <stdatomic.h>

enum {
  /* rte_vhost looks at no more at a time, whatever it is asked for. */
  burst_limit = 32,
  pair_limit = 64,
  nobody = -1,
  /* virtio 1.1, section 5.1.3. */
  feature_guest_checksum = 1,
};

/* The poller holds it while it uses the guest's memory; whoever takes that away waits for it. Fair,
 * because the poller lets go only for an instant. */
static rte_ticketlock_t use = RTE_TICKETLOCK_INITIALIZER;
static int device = nobody;
static uint64_t features;

static atomic_int connection = nobody;
static atomic_bool has_left;
/* One bit for each queue; a pair is what both bits of it say. rte_vhost changes them while it holds
 * locks of its own, so there is no lock here. */
static _Atomic uint64_t receiving, transmitting;

static int device_ready(int identifier) {
  rte_ticketlock_lock(&use);
  device = identifier;
  rte_vhost_get_negotiated_features(identifier, &features);
  rte_ticketlock_unlock(&use);
  return 0;
}

static void device_gone(int identifier) {
  rte_ticketlock_lock(&use);
  if (device == identifier) device = nobody;
  rte_ticketlock_unlock(&use);
}

static int queue_changed(int identifier, uint16_t queue, int is_enabled) {
  (void)identifier;
  if (queue / 2 >= pair_limit) return 0;
  /* An even queue is one that the guest receives from. */
  _Atomic uint64_t *set = queue % 2 ? &transmitting : &receiving;
  uint64_t bit = 1ull << (queue / 2);
  if (is_enabled)
    atomic_fetch_or(set, bit);
  else
    atomic_fetch_and(set, ~bit);
  return 0;
}

static int connected(int identifier) {
  int expected = nobody;
  return atomic_compare_exchange_strong(&connection, &expected, identifier) ? 0 : -1;
}

static void disconnected(int identifier) {
  if (atomic_load(&connection) != identifier) return;
  atomic_store(&receiving, 0);
  atomic_store(&transmitting, 0);
  atomic_store(&connection, nobody);
  atomic_store(&has_left, true);
}

static const struct rte_vhost_device_ops operations = {
    .new_device = device_ready,
    .destroy_device = device_gone,
    .vring_state_changed = queue_changed,
    .new_connection = connected,
    .destroy_connection = disconnected,
};

int ix_guest_listen(const char *path) {
  /* Frames of a guest come in one piece, however large. */
  uint64_t flags = RTE_VHOST_USER_LINEARBUF_SUPPORT | RTE_VHOST_USER_EXTBUF_SUPPORT |
                   RTE_VHOST_USER_NET_COMPLIANT_OL_FLAGS;
  errno = 0;
  if (rte_vhost_driver_register(path, flags) == 0 &&
      rte_vhost_driver_callback_register(path, &operations) == 0 &&
      rte_vhost_driver_start(path) == 0)
    return 0;
  return -(errno ? errno : EIO);
}

void ix_guest_close(const char *path) { rte_vhost_driver_unregister(path); }

bool ix_guest_begin(void) {
  rte_ticketlock_lock(&use);
  if (device != nobody) return true;
  rte_ticketlock_unlock(&use);
  return false;
}

void ix_guest_end(void) { rte_ticketlock_unlock(&use); }

bool ix_guest_has_left(void) { return atomic_load(&has_left); }

uint64_t ix_guest_pairs(void) { return atomic_load(&receiving) & atomic_load(&transmitting); }

void ix_guest_is_polled(unsigned pair) {
  rte_vhost_enable_guest_notification(device, (uint16_t)(2 * pair), 0);
  rte_vhost_enable_guest_notification(device, (uint16_t)(2 * pair + 1), 0);
}

bool ix_guest_takes_partial(void) { return features >> feature_guest_checksum & 1; }

unsigned ix_guest_room(unsigned pair) {
  return rte_vhost_avail_entries(device, (uint16_t)(2 * pair));
}

unsigned ix_guest_receive(unsigned pair, ix_frame *frames, unsigned limit) {
  struct rte_mbuf *buffers[burst_limit];
  unsigned left = 0;
  unsigned count = rte_vhost_dequeue_burst(device, (uint16_t)(2 * pair + 1), ix_buffers, buffers,
                                           (uint16_t)RTE_MIN(limit, (unsigned)burst_limit));
  for (unsigned i = 0; i < count; i++) {
    uint64_t flags = buffers[i]->ol_flags;
    uint16_t segment = flags & RTE_MBUF_F_RX_LRO ? buffers[i]->tso_segsz : 0;
    if (!ix_frame_of(buffers[i], &frames[left])) continue;
    if ((flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_NONE)
      frames[left].checksum = IX_CHECKSUM_PARTIAL;
    frames[left].segment_byte_count = segment;
    left++;
  }
  return left;
}

unsigned ix_guest_transmit(unsigned pair, const ix_frame *frames, unsigned count) {
  struct rte_mbuf *buffers[burst_limit];
  unsigned taken = 0;
  for (unsigned first = 0; first < count; first += burst_limit) {
    unsigned part = RTE_MIN(count - first, (unsigned)burst_limit);
    for (unsigned i = 0; i < part; i++) buffers[i] = frames[first + i].buffer;
    taken += rte_vhost_enqueue_burst(device, (uint16_t)(2 * pair), buffers, (uint16_t)part);
    /* The guest has a copy of those it took. */
    rte_pktmbuf_free_bulk(buffers, part);
  }
  return taken;
}
