#define _GNU_SOURCE
#include "dpdk.h"
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static atomic_uint requests;

static void note(int signal) {
  atomic_fetch_or(&requests, signal == SIGUSR1 ? IX_REQUEST_REPORT : IX_REQUEST_STOP);
}

int ix_requests_open(bool follows_parent) {
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
  struct sigaction action = {.sa_handler = note};
  sigset_t watched;
  pid_t parent = getppid();
  sigemptyset(&action.sa_mask);
  sigemptyset(&watched);
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
    if (sigaction(signals[i], &action, 0) < 0) return -errno;
    sigaddset(&watched, signals[i]);
  }
  /* Whoever reads our output may have ended; what is left to tidy up is still to be done. */
  if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) return -errno;
  if (sigprocmask(SIG_UNBLOCK, &watched, 0) < 0) return -errno;
  if (!follows_parent) return 0;
  if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0) return -errno;
  if (getppid() != parent) note(SIGTERM); /* it ended before the line above */
  return 0;
}

unsigned ix_requests_take(void) { return atomic_exchange(&requests, 0); }

uint64_t ix_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void ix_nap(uint64_t nanoseconds) {
  struct timespec time = {.tv_sec = (time_t)(nanoseconds / 1000000000u),
                          .tv_nsec = (long)(nanoseconds % 1000000000u)};
  nanosleep(&time, 0);
}
