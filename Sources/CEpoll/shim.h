/* Glibc of the Swift toolchain leaves epoll out. */
#include <sys/epoll.h>
