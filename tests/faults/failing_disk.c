/* A disk that fails on command, for the database alone: preloaded before the C library.

   While the file named by PORTAL_FAULT exists, what it says ("sync", "write" or both) answers EIO on every
   file whose name holds "portal.sqlite3"; nothing else of the process is touched. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static int fails(int file, const char *what)
{
    char link[64], name[4096], order[64] = "";
    const char *fault = getenv("PORTAL_FAULT");
    int opened = fault ? (int)syscall(SYS_openat, AT_FDCWD, fault, O_RDONLY) : -1;
    if (opened < 0)
        return 0;
    ssize_t read = syscall(SYS_read, opened, order, sizeof order - 1);
    syscall(SYS_close, opened);
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, name, sizeof name - 1);
    if (read <= 0 || length <= 0)
        return 0;
    name[length] = 0;
    return strstr(order, what) && strstr(name, "portal.sqlite3");
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAIL_IF(what) if (fails(file, what)) { errno = EIO; return -1; }

int fsync(int file) { FAIL_IF("sync") return REAL(fsync)(file); }
int fdatasync(int file) { FAIL_IF("sync") return REAL(fdatasync)(file); }
ssize_t write(int file, const void *from, size_t size) { FAIL_IF("write") return REAL(write)(file, from, size); }
ssize_t pwrite(int file, const void *from, size_t size, off_t at) { FAIL_IF("write") return REAL(pwrite)(file, from, size, at); }
ssize_t pwrite64(int file, const void *from, size_t size, off64_t at) { FAIL_IF("write") return REAL(pwrite64)(file, from, size, at); }
