#if defined(__linux__)
#define _GNU_SOURCE
#include "process.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int signal_pipe[2] = {-1, -1};

/* The pipe never blocks: should it be full, a signal more changes nothing. */
static void note_signal(int signal) {
  int saved = errno;
  unsigned char byte = (unsigned char)signal;
  ssize_t ignored = write(signal_pipe[1], &byte, 1);
  (void)ignored;
  errno = saved;
}

/* A write to a pipe without a reader then fails, and nothing else happens; a program that is started has
   the usual action again. */
static void overlook(int signal) { (void)signal; }

/* In the child, between fork and exec: only async-signal-safe calls. Returns errno on failure. */
static int become(const char *path, char *const *arguments, int output, int error, int outlives,
                  pid_t parent) {
  sigset_t none;
  int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (input < 0) return errno;
  if (outlives) {
    if (setsid() < 0) return errno;
  } else {
    if (setpgid(0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return errno;
    if (getppid() != parent) return ESRCH; /* it ended before the line above */
  }
  if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(error, 2) < 0) return errno;
  if (close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) < 0) return errno;
  sigemptyset(&none);
  if (sigprocmask(SIG_SETMASK, &none, 0) < 0) return errno;
  execv(path, arguments);
  return errno;
}

static void close_both(int ends[2]) {
  if (ends[0] >= 0) close(ends[0]);
  if (ends[1] >= 0) close(ends[1]);
}

int ix_process_start(const char *path, char *const *arguments, int outlives,
                     ix_process *process) {
  int report[2] = {-1, -1}, output[2] = {-1, -1}, error[2] = {-1, -1};
  int failure = 0;
  pid_t parent = getpid();
  pid_t child = -1;
  if (pipe2(report, O_CLOEXEC) == 0 && pipe2(output, O_CLOEXEC) == 0 &&
      pipe2(error, O_CLOEXEC) == 0)
    child = fork();
  if (child < 0) failure = errno;
  if (child == 0) {
    failure = become(path, arguments, output[1], error[1], outlives, parent);
    ssize_t ignored = write(report[1], &failure, sizeof failure);
    (void)ignored;
    _exit(127);
  }
  if (child > 0) {
    close(report[1]);
    report[1] = -1;
    /* Ends without a byte when the child has become the program. */
    if (read(report[0], &failure, sizeof failure) > 0) waitpid(child, 0, 0);
  }
  close_both(report);
  if (failure) {
    close_both(output);
    close_both(error);
    return -failure;
  }
  close(output[1]);
  close(error[1]);
  *process = (ix_process){.identifier = child, .output = output[0], .error = error[0]};
  return 0;
}

int ix_process_collect(pid_t process, ix_exit *how) {
  int status = 0;
  pid_t collected = waitpid(process, &status, WNOHANG);
  if (collected < 0) return -errno;
  if (collected == 0) return 0;
  how->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  how->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return 1;
}

int ix_signals_open(void) {
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD};
  struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
  sigset_t watched;
  sigemptyset(&action.sa_mask);
  sigemptyset(&watched);
  struct sigaction broken_pipe = {.sa_handler = overlook, .sa_flags = SA_RESTART};
  sigemptyset(&broken_pipe.sa_mask);
  if (sigaction(SIGPIPE, &broken_pipe, 0) < 0) return -errno;
  if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) < 0) return -errno;
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
    if (sigaction(signals[i], &action, 0) < 0) return -errno;
    sigaddset(&watched, signals[i]);
  }
  /* Whoever started us may have had them blocked. */
  if (sigprocmask(SIG_UNBLOCK, &watched, 0) < 0) return -errno;
  return signal_pipe[0];
}

int ix_affinity_get(pid_t thread, unsigned long *words, size_t byte_count) {
  return sched_getaffinity(thread, byte_count, (cpu_set_t *)words) < 0 ? -errno : 0;
}

int ix_affinity_set(pid_t thread, const unsigned long *words, size_t byte_count) {
  return sched_setaffinity(thread, byte_count, (const cpu_set_t *)words) < 0 ? -errno : 0;
}

int ix_output_close(void) {
  int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (null < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0) return -errno;
  close(null);
  return 0;
}

int ix_signals_next(int descriptor) {
  unsigned char byte;
  return read(descriptor, &byte, 1) == 1 ? byte : 0;
}
#endif
