/* What a careful C programmer would write for Linux: one thread, epoll, non-blocking sockets. In a
 * Linux guest it is what IX is compared with; on the host it shows what the path allows at most.
 *
 * Port 7: echo (RFC 862). Port 9: discard (RFC 863). Port 19: sends for ever as RFC 864, byte n of
 * the stream being n modulo 256. Port 8080: the same 612-byte HTTP reply to every request, found by
 * its empty line and not parsed any further. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum service { ECHO = 7, DISCARD = 9, SEND = 19, HTTP = 8080 };
enum { EVENTS = 512, BUFFER = 256 * 1024, BODY = 612 };

struct peer {
  int socket;
  enum service service;
  bool is_listening, is_write_armed;
  /* Bytes that the socket has not taken yet; allocated when there are some. */
  char *rest;
  size_t rest_count, rest_sent;
  /* SEND: bytes sent. HTTP: bytes of the empty line that have been seen. */
  size_t position;
};

static int poller;
static char buffer[BUFFER], pattern[BUFFER + 256], reply[BODY + 256];
static size_t reply_count;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void watch(struct peer *peer, int operation, bool writing) {
  struct epoll_event event = {.events = EPOLLIN | (writing ? EPOLLOUT : 0), .data.ptr = peer};
  peer->is_write_armed = writing;
  if (epoll_ctl(poller, operation, peer->socket, &event) != 0) die("epoll_ctl");
}

static void forget(struct peer *peer) {
  close(peer->socket);
  free(peer->rest);
  free(peer);
}

static void listen_on(enum service service) {
  struct peer *peer = calloc(1, sizeof *peer);
  if (peer == NULL) die("calloc");
  int one = 1;
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(service)};
  peer->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  peer->service = service;
  peer->is_listening = true;
  setsockopt(peer->socket, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(peer->socket, (struct sockaddr *)&any, sizeof any) != 0) die("bind");
  if (listen(peer->socket, 65535) != 0) die("listen");
  watch(peer, EPOLL_CTL_ADD, false);
}

static void accept_from(struct peer *listener) {
  for (;;) {
    int socket = accept4(listener->socket, NULL, NULL, SOCK_NONBLOCK);
    if (socket < 0) return;
    int one = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct peer *peer = calloc(1, sizeof *peer);
    if (peer == NULL) die("calloc");
    *peer = (struct peer){.socket = socket, .service = listener->service};
    watch(peer, EPOLL_CTL_ADD, peer->service == SEND);
  }
}

/* Sends what the socket takes and keeps the rest; false when the connection is gone. */
static bool send_all(struct peer *peer, const char *bytes, size_t count) {
  ssize_t sent = send(peer->socket, bytes, count, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return false;
  size_t taken = sent < 0 ? 0 : (size_t)sent;
  if (taken == count) return true;
  peer->rest = malloc(count - taken);
  if (peer->rest == NULL) die("malloc");
  memcpy(peer->rest, bytes + taken, count - taken);
  peer->rest_count = count - taken;
  peer->rest_sent = 0;
  watch(peer, EPOLL_CTL_MOD, true);
  return true;
}

/* Replies once for each empty line among `count` bytes. */
static bool serve_http(struct peer *peer, size_t count) {
  static const char end[] = "\r\n\r\n";
  for (size_t i = 0; i < count; i++) {
    bool matches = buffer[i] == end[peer->position];
    peer->position = matches ? peer->position + 1 : buffer[i] == '\r';
    if (peer->position < sizeof end - 1) continue;
    peer->position = 0;
    if (!send_all(peer, reply, reply_count)) return false;
  }
  return true;
}

static bool readable(struct peer *peer) {
  ssize_t count = recv(peer->socket, buffer, sizeof buffer, 0);
  if (count < 0) return errno == EAGAIN;
  if (count == 0) return false;
  switch (peer->service) {
    case ECHO: return send_all(peer, buffer, (size_t)count);
    case HTTP: return serve_http(peer, (size_t)count);
    case DISCARD:
    case SEND: return true;
  }
  return false;
}

static bool writable(struct peer *peer) {
  if (peer->service == SEND) {
    ssize_t sent = send(peer->socket, pattern + (peer->position & 255), BUFFER, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN;
    peer->position += (size_t)sent;
    return true;
  }
  if (peer->rest == NULL) return true;
  ssize_t sent = send(peer->socket, peer->rest + peer->rest_sent,
                      peer->rest_count - peer->rest_sent, MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN;
  peer->rest_sent += (size_t)sent;
  if (peer->rest_sent < peer->rest_count) return true;
  free(peer->rest);
  peer->rest = NULL;
  watch(peer, EPOLL_CTL_MOD, false);
  return true;
}

static void handle(struct peer *peer, uint32_t events) {
  if (peer->is_listening) {
    accept_from(peer);
    return;
  }
  bool is_open = true;
  if (events & EPOLLOUT) is_open = writable(peer);
  /* Nothing more is read while an answer waits: the peer's window closes. */
  if (is_open && (events & ~EPOLLOUT) && peer->rest == NULL) is_open = readable(peer);
  if (!is_open) forget(peer);
}

int main(void) {
  struct rlimit files = {1 << 20, 1 << 20};
  setrlimit(RLIMIT_NOFILE, &files);
  for (size_t i = 0; i < sizeof pattern; i++) pattern[i] = (char)i;
  int head = snprintf(reply, sizeof reply,
                      "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n",
                      BODY);
  memset(reply + head, 'x', BODY);
  reply_count = (size_t)head + BODY;
  poller = epoll_create1(0);
  if (poller < 0) die("epoll_create1");
  listen_on(ECHO);
  listen_on(DISCARD);
  listen_on(SEND);
  listen_on(HTTP);
  puts("server: listening");
  fflush(stdout);
  struct epoll_event events[EVENTS];
  for (;;) {
    int count = epoll_wait(poller, events, EVENTS, -1);
    for (int i = 0; i < count; i++) handle(events[i].data.ptr, events[i].events);
  }
}
