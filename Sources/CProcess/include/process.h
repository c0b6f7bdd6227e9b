/* Starting and watching one child process: the parts of POSIX that Swift cannot call (fork) or that
 * need handlers and macros it cannot express (sigaction, wait statuses). */
#pragma once
#include <sys/types.h>

/* How a child ended. */
typedef struct {
  int exit_status; /* or -1 */
  int signal;      /* that killed it, or 0 */
} ix_exit;

/* A child and the reading ends of its standard output and standard error. */
typedef struct {
  pid_t identifier;
  int output;
  int error;
} ix_process;

/* Starts `path` with `arguments` (terminated by a null pointer) in a process group of its own, with
 * /dev/null as standard input. The kernel kills the child when the calling thread ends, however it
 * ends. Returns 0 or -errno; the caller closes the descriptors. */
int ix_process_start(const char *path, char *const *arguments, ix_process *process);

/* Collects the child if it has ended: 1 and `*how`, 0 if it runs, -errno otherwise. */
int ix_process_collect(pid_t process, ix_exit *how);

/* From now on SIGINT, SIGTERM, SIGHUP and SIGCHLD are bytes to read from the returned descriptor, on
 * whichever thread they arrive. Call once. Returns -errno on failure. */
int ix_signals_open(void);

/* The next signal that is waiting, or 0 if there is none. */
int ix_signals_next(int descriptor);
