/* What a process does to be able to do less from now on (capabilities(7), prctl(2), seccomp(2)). Each
 * returns -errno on failure. */
#pragma once
#if defined(__linux__)
#include <linux/audit.h>
#include <linux/bpf_common.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>

/* The root of the file system becomes an empty folder that has no name any more: no file can be found
 * in it, and none be made. */
int ix_leave_files(void);

/* Becomes the user and the group, with no others beside. A signal that is to come with the parent's
 * end still comes. */
int ix_become(uid_t user, gid_t group);

/* Gives up getting any privilege by exec. */
int ix_keep_privileges(void);

/* Gives up every capability, and getting any by exec. */
int ix_renounce(void);

/* Every thread may from now on make the system calls only that `program` allows. */
int ix_filter_calls(const struct sock_filter *program, unsigned short count);

static const uint32_t ix_audit_architecture = AUDIT_ARCH_X86_64;
static const uint32_t ix_filter_allows = SECCOMP_RET_ALLOW;
static const uint32_t ix_filter_kills = SECCOMP_RET_KILL_PROCESS;
/* Or'ed with the errno that the call fails with. */
static const uint32_t ix_filter_fails = SECCOMP_RET_ERRNO;

/* What glibc's pthread_create passes to clone(2). */
static const uint64_t ix_thread_flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
                                        CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS |
                                        CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
static const uint32_t ix_request_name = PR_SET_NAME;
#endif
