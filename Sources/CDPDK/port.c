#include "internal.h"
#include <errno.h>
#include <rte_ethdev.h>
#include <string.h>

enum {
  descriptor_count = 512,
  burst_limit = 32,
  /* Toeplitz over the addresses and ports of IPv4 uses 40 bytes at most; some ports want more. */
  hash_key_byte_limit = 64,
};

static const uint64_t hashed_flows = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV4_UDP;

/* net_tap compares segments, Ethernet header included, with the MTU and refuses full ones (22.11). It
 * would cut them in software, as the poller does. */
static bool can_segment(const struct rte_eth_dev_info *facts) {
  return strcmp(facts->driver_name, "net_tap") != 0;
}

int ix_port_find(ix_port *port) {
  uint16_t identifier = RTE_MAX_ETHPORTS;
  struct rte_eth_dev_info facts;
  struct rte_ether_addr address;
  RTE_ETH_FOREACH_DEV(identifier) break;
  if (identifier >= RTE_MAX_ETHPORTS) return -ENODEV;
  int result = rte_eth_dev_info_get(identifier, &facts);
  if (result < 0) return result;
  uint16_t mtu = 0;
  result = rte_eth_macaddr_get(identifier, &address);
  if (result == 0) result = rte_eth_dev_get_mtu(identifier, &mtu);
  if (result < 0) return result;
  uint64_t send = facts.tx_offload_capa;
  uint64_t verified = RTE_ETH_RX_OFFLOAD_TCP_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
  *port = (ix_port){
      .identifier = identifier,
      .receive_queue_limit = facts.max_rx_queues,
      .transmit_queue_limit = facts.max_tx_queues,
      .mtu = mtu,
      /* Software ports name flow types that they cannot tell apart, but have no table or no key. */
      .hashes = (facts.flow_type_rss_offloads & hashed_flows) == hashed_flows &&
                facts.reta_size > 0 && facts.hash_key_size >= 40 &&
                facts.hash_key_size <= hash_key_byte_limit,
      .completes_tcp = send & RTE_ETH_TX_OFFLOAD_TCP_CKSUM,
      .completes_udp = send & RTE_ETH_TX_OFFLOAD_UDP_CKSUM,
      .segments_tcp = can_segment(&facts) && (send & RTE_ETH_TX_OFFLOAD_TCP_TSO) && (send & RTE_ETH_TX_OFFLOAD_TCP_CKSUM) &&
                      (send & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM),
      .verifies = (facts.rx_offload_capa & verified) == verified,
  };
  memcpy(port->address, address.addr_bytes, sizeof port->address);
  strncpy(port->driver, facts.driver_name, sizeof port->driver - 1);
  return 0;
}

static int configure(const ix_port *port, uint16_t queue_count, const uint8_t *hash_key,
                     unsigned hash_key_byte_count) {
  uint8_t key[hash_key_byte_limit] = {0};
  struct rte_eth_conf wanted = {0};
  struct rte_eth_dev_info facts;
  int result = rte_eth_dev_info_get(port->identifier, &facts);
  if (result < 0) return result;
  uint64_t verified = RTE_ETH_RX_OFFLOAD_CHECKSUM;
  uint64_t completed = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM |
                       RTE_ETH_TX_OFFLOAD_UDP_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_TSO;
  wanted.rxmode.offloads = facts.rx_offload_capa & verified;
  wanted.txmode.offloads = facts.tx_offload_capa & completed;
  if (port->hashes && queue_count > 1) {
    memcpy(key, hash_key, RTE_MIN(hash_key_byte_count, (unsigned)sizeof key));
    wanted.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    wanted.rx_adv_conf.rss_conf = (struct rte_eth_rss_conf){
        .rss_key = key, .rss_key_len = facts.hash_key_size, .rss_hf = hashed_flows};
  }
  return rte_eth_dev_configure(port->identifier, queue_count, queue_count, &wanted);
}

int ix_port_start(const ix_port *port, uint16_t queue_count, const uint8_t *hash_key,
                  unsigned hash_key_byte_count) {
  uint16_t receive = descriptor_count, transmit = descriptor_count;
  int result = configure(port, queue_count, hash_key, hash_key_byte_count);
  if (result == 0)
    result = rte_eth_dev_adjust_nb_rx_tx_desc(port->identifier, &receive, &transmit);
  for (uint16_t queue = 0; queue < queue_count && result == 0; queue++) {
    result = rte_eth_rx_queue_setup(port->identifier, queue, receive, SOCKET_ID_ANY, 0, ix_buffers);
    if (result == 0)
      result = rte_eth_tx_queue_setup(port->identifier, queue, transmit, SOCKET_ID_ANY, 0);
  }
  if (result == 0) result = rte_eth_dev_start(port->identifier);
  if (result != 0) return result;
  /* The guest has an address of its own. A port without this mode receives everything anyway. */
  rte_eth_promiscuous_enable(port->identifier);
  return 0;
}

void ix_port_stop(const ix_port *port) {
  rte_eth_dev_stop(port->identifier);
  rte_eth_dev_close(port->identifier);
}

unsigned ix_port_receive(const ix_port *port, uint16_t queue, ix_frame *frames, unsigned limit) {
  struct rte_mbuf *buffers[burst_limit];
  unsigned left = 0;
  unsigned count = rte_eth_rx_burst(port->identifier, queue, buffers,
                                    (uint16_t)RTE_MIN(limit, (unsigned)burst_limit));
  for (unsigned i = 0; i < count; i++) {
    uint64_t known = buffers[i]->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;
    if (!ix_frame_of(buffers[i], &frames[left])) continue;
    if (known == RTE_MBUF_F_RX_L4_CKSUM_GOOD) frames[left].checksum = IX_CHECKSUM_VERIFIED;
    left++;
  }
  return left;
}

unsigned ix_port_transmit(const ix_port *port, uint16_t queue, const ix_frame *frames,
                          unsigned count) {
  struct rte_mbuf *buffers[burst_limit];
  unsigned taken = 0;
  for (unsigned first = 0; first < count; first += burst_limit) {
    uint16_t part = (uint16_t)RTE_MIN(count - first, (unsigned)burst_limit);
    for (uint16_t i = 0; i < part; i++) buffers[i] = frames[first + i].buffer;
    uint16_t prepared = rte_eth_tx_prepare(port->identifier, queue, buffers, part);
    uint16_t sent = rte_eth_tx_burst(port->identifier, queue, buffers, prepared);
    rte_pktmbuf_free_bulk(buffers + sent, part - sent);
    taken += sent;
  }
  return taken;
}
