/* lwIP's side: its raw API, which is the fastest it has, on one thread. */
#include "wire.h"

#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/tcp.h>
#include <netif/ethernet.h>
#include <stdlib.h>

enum { MESSAGE = 64, SEGMENT = 1460 };

static wire to_lwip, to_ours;
static struct netif interface;
static struct tcp_pcb *connection;
static int role;
static uint64_t target, sent, received;
static uint8_t message[SEGMENT];

wire *wire_to_lwip(void) { return &to_lwip; }
wire *wire_to_ours(void) { return &to_ours; }
uint64_t lwip_side_progress(void) { return received / (role == ROLE_ECHO_CLIENT ? MESSAGE : SEGMENT); }

static err_t transmit(struct netif *netif, struct pbuf *p) {
  (void)netif;
  if (wire_count(&to_ours) == WIRE_CAPACITY) return ERR_MEM;
  pbuf_copy_partial(p, wire_slot(&to_ours), p->tot_len, 0);
  wire_push(&to_ours, p->tot_len);
  return ERR_OK;
}

static err_t prepare(struct netif *netif) {
  static const uint8_t hardware[6] = {2, 0, 0, 0, 0, 1};
  netif->hwaddr_len = 6;
  for (int i = 0; i < 6; i++) netif->hwaddr[i] = hardware[i];
  netif->mtu = 1500;
  netif->output = etharp_output;
  netif->linkoutput = transmit;
  netif->flags |= NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP;
  return ERR_OK;
}

static void send_more(struct tcp_pcb *pcb) {
  if (role == ROLE_ECHO_CLIENT) {
    if (sent < target && tcp_write(pcb, message, MESSAGE, 0) == ERR_OK) sent++;
  } else if (role == ROLE_BULK_SENDER) {
    while (sent < target && tcp_sndbuf(pcb) >= SEGMENT &&
           tcp_write(pcb, message, SEGMENT, 0) == ERR_OK)
      sent++;
  }
  tcp_output(pcb);
}

static err_t on_received(void *argument, struct tcp_pcb *pcb, struct pbuf *p, err_t error) {
  (void)argument, (void)error;
  if (p == NULL) return ERR_OK;
  tcp_recved(pcb, p->tot_len);
  received += p->tot_len;
  if (role == ROLE_ECHO_SERVER) {
    if (tcp_write(pcb, p->payload, p->len, TCP_WRITE_FLAG_COPY) != ERR_OK) abort();
  } else if (role == ROLE_ECHO_CLIENT && received == sent * MESSAGE) {
    send_more(pcb);
  }
  pbuf_free(p);
  return ERR_OK;
}

static err_t on_sent(void *argument, struct tcp_pcb *pcb, u16_t count) {
  (void)argument, (void)count;
  if (role == ROLE_BULK_SENDER) send_more(pcb);
  return ERR_OK;
}

static err_t on_connected(void *argument, struct tcp_pcb *pcb, err_t error) {
  (void)argument, (void)error;
  tcp_nagle_disable(pcb);
  tcp_recv(pcb, on_received);
  tcp_sent(pcb, on_sent);
  send_more(pcb);
  return ERR_OK;
}

void lwip_side_start(int new_role, uint64_t count) {
  ip4_addr_t address, mask, gateway;
  role = new_role;
  target = count;
  lwip_init();
  IP4_ADDR(&address, 10, 0, 0, 1);
  IP4_ADDR(&mask, 255, 255, 255, 0);
  IP4_ADDR(&gateway, 0, 0, 0, 0);
  if (netif_add(&interface, &address, &mask, &gateway, NULL, prepare, ethernet_input) == NULL)
    abort();
  netif_set_default(&interface);
  netif_set_up(&interface);
  connection = tcp_new();
  if (role == ROLE_ECHO_CLIENT || role == ROLE_BULK_SENDER) return;
  if (tcp_bind(connection, IP_ADDR_ANY, 7) != ERR_OK) abort();
  connection = tcp_listen(connection);
  tcp_accept(connection, on_connected);
}

void lwip_side_connect(void) {
  ip_addr_t address = IPADDR4_INIT_BYTES(10, 0, 0, 2);
  if (tcp_connect(connection, &address, 7, on_connected) != ERR_OK) abort();
}

__attribute__((noinline)) void lwip_turn(void) {
  uint16_t count = wire_front_count(&to_lwip);
  /* Not from the pool: Debian's 2.1.3 gives its elements 616 bytes and fills in 1,514. Both come
   * from malloc there. */
  struct pbuf *p = pbuf_alloc(PBUF_RAW, count, PBUF_RAM);
  if (p == NULL) abort();
  pbuf_take(p, wire_front(&to_lwip), count);
  wire_pop(&to_lwip);
  if (interface.input(p, &interface) != ERR_OK) pbuf_free(p);
}
