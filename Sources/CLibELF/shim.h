#pragma once
#include <gelf.h>
#include <libelf.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A file without a name, gone with its descriptor: libelf writes to descriptors only. Returns -1 and
 * sets errno on failure. (Swift does not import memfd_create.) */
static inline int ix_memory_file(void) {
  const unsigned close_on_exec = 1; /* MFD_CLOEXEC */
  return (int)syscall(SYS_memfd_create, "ix-image", close_on_exec);
}
