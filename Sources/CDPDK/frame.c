#include "internal.h"
#include <errno.h>
#include <rte_errno.h>

struct rte_mempool *ix_buffers;

int ix_buffers_make(unsigned count, unsigned byte_count) {
  ix_buffers = rte_pktmbuf_pool_create("frames", count, 256, 0,
                                       (uint16_t)(byte_count + RTE_PKTMBUF_HEADROOM), SOCKET_ID_ANY);
  return ix_buffers ? 0 : -(rte_errno ? rte_errno : ENOMEM);
}

unsigned ix_buffers_free(void) { return rte_mempool_avail_count(ix_buffers); }

bool ix_frame_of(struct rte_mbuf *buffer, ix_frame *frame) {
  if (buffer->nb_segs != 1 && rte_pktmbuf_linearize(buffer) != 0) {
    rte_pktmbuf_free(buffer);
    return false;
  }
  *frame = (ix_frame){
      .buffer = buffer,
      .bytes = rte_pktmbuf_mtod(buffer, uint8_t *),
      .byte_count = rte_pktmbuf_data_len(buffer),
  };
  return true;
}

unsigned ix_frames_of(struct rte_mbuf *const *buffers, unsigned count, ix_frame *frames) {
  unsigned left = 0;
  for (unsigned i = 0; i < count; i++)
    if (ix_frame_of(buffers[i], &frames[left])) left++;
  return left;
}

bool ix_frame_make(ix_frame *frame, uint32_t byte_count) {
  struct rte_mbuf *buffer = rte_pktmbuf_alloc(ix_buffers);
  if (!buffer) return false;
  if (byte_count > UINT16_MAX || !rte_pktmbuf_append(buffer, (uint16_t)byte_count)) {
    rte_pktmbuf_free(buffer);
    return false;
  }
  return ix_frame_of(buffer, frame);
}

void ix_frame_release(ix_frame frame) { rte_pktmbuf_free(frame.buffer); }

/* What the mbuf said about its reception means nothing to who sends it. */
static void clear(struct rte_mbuf *buffer) {
  buffer->ol_flags &= ~(RTE_MBUF_F_RX_LRO | RTE_MBUF_F_RX_L4_CKSUM_MASK |
                        RTE_MBUF_F_RX_IP_CKSUM_MASK | RTE_MBUF_F_RX_RSS_HASH);
  buffer->tx_offload = 0;
}

static void set_headers(struct rte_mbuf *buffer, const ix_offload *offload) {
  buffer->l2_len = offload->link_byte_count;
  buffer->l3_len = offload->network_byte_count;
  buffer->l4_len = offload->transport_byte_count;
  buffer->ol_flags |= offload->is_ipv6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4;
  buffer->ol_flags |= offload->is_tcp ? RTE_MBUF_F_TX_TCP_CKSUM : RTE_MBUF_F_TX_UDP_CKSUM;
}

void ix_frame_offload(ix_frame frame, const ix_offload *offload) {
  struct rte_mbuf *buffer = frame.buffer;
  clear(buffer);
  set_headers(buffer, offload);
  if (!offload->segment_byte_count) return;
  buffer->tso_segsz = offload->segment_byte_count;
  buffer->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
  if (!offload->is_ipv6) buffer->ol_flags |= RTE_MBUF_F_TX_IP_CKSUM;
}
