#define _GNU_SOURCE
#include "confinement.h"

#if defined(__linux__)
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

int ix_leave_files(void) {
  char folder[] = "/tmp/ix-monitor-XXXXXX";
  if (!mkdtemp(folder)) return -errno;
  int result = chdir(folder);
  int error = errno;
  /* The working directory goes on without its name. */
  if (rmdir(folder) < 0 && result == 0) return -errno;
  if (result < 0) return -error;
  return chroot(".") < 0 ? -errno : 0;
}

int ix_become(uid_t user, gid_t group) {
  int signal = 0;
  pid_t parent = getppid();
  if (prctl(PR_GET_PDEATHSIG, &signal) < 0 || setgroups(0, 0) < 0 ||
      setresgid(group, group, group) < 0 || setresuid(user, user, user) < 0)
    return -errno;
  /* The kernel forgets it with the old user. */
  if (signal == 0) return 0;
  if (prctl(PR_SET_PDEATHSIG, signal) < 0) return -errno;
  return getppid() == parent ? 0 : -ESRCH;
}

int ix_keep_privileges(void) {
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

int ix_renounce(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
  int result = ix_keep_privileges();
  if (result < 0) return result;
  return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

int ix_filter_calls(const struct sock_filter *program, unsigned short count) {
  struct sock_fprog filter = {.len = count, .filter = (struct sock_filter *)program};
  long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter);
  /* Above zero it is a thread that has a filter of its own. */
  return result < 0 ? -errno : result > 0 ? -EBUSY : 0;
}
#endif
