/* tests/faults/bad_fsync.c - a disk that cannot keep what it was given.
 *
 * Whoever loads this in front of the C library gets EIO from fsync() and fdatasync() while the file named by
 * HUB_BAD_FSYNC exists. */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int sync_by(long call, int fd)
{
    const char *name = getenv("HUB_BAD_FSYNC");
    if (name == NULL || access(name, F_OK) != 0)
        return (int)syscall(call, fd);
    errno = EIO;
    return -1;
}

int fsync(int fd)
{
    return sync_by(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return sync_by(SYS_fdatasync, fd);
}
