/* Starting and watching processes: the parts of POSIX and Linux that Swift cannot call (fork, affinities)
 * or that need handlers and macros it cannot express (sigaction, wait statuses). */
#pragma once
#include <stddef.h>
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
 * ends; but one that `outlives` it goes on, in a session of its own. Returns 0 or -errno; the caller
 * closes the descriptors. */
int ix_process_start(const char *path, char *const *arguments, int outlives, ix_process *process);

/* Collects the child if it has ended: 1 and `*how`, 0 if it runs, -errno otherwise. */
int ix_process_collect(pid_t process, ix_exit *how);

/* From now on SIGINT, SIGTERM, SIGHUP and SIGCHLD are bytes to read from the returned descriptor, on
 * whichever thread they arrive. Call once. Returns -errno on failure. */
int ix_signals_open(void);

/* The next signal that is waiting, or 0 if there is none. */
int ix_signals_next(int descriptor);

/* The cores a thread (0: this one) may run on, a bit each, in `words` of `byte_count` bytes. Returns 0 or
 * -errno. */
int ix_affinity_get(pid_t thread, unsigned long *words, size_t byte_count);
int ix_affinity_set(pid_t thread, const unsigned long *words, size_t byte_count);

/* Standard output and standard error lead nowhere from now on. Returns 0 or -errno. */
int ix_output_close(void);
