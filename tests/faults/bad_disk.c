/* tests/faults/bad_disk.c - a disk that cannot keep what it is given.
 *
 * Whoever loads this in front of the C library has a disk as good as the file named by HUB_BAD_DISK says: `fsync`,
 * fsync() and fdatasync() fail with EIO; `write`, pwrite() fails with EROFS, as on a file system that the kernel has
 * made read-only after an error. Without that file, or with anything else in it, all is well. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WORD_BYTES = 16 };

static bool is_bad(const char *call)
{
    const char *name = getenv("HUB_BAD_DISK");
    char word[WORD_BYTES] = "";
    int fd = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return false;
    ssize_t got = read(fd, word, sizeof word - 1);
    close(fd);
    return got > 0 && strncmp(word, call, strlen(call)) == 0;
}

static long fails_with(int error)
{
    errno = error;
    return -1;
}

int fsync(int fd)
{
    return (int)(is_bad("fsync") ? fails_with(EIO) : syscall(SYS_fsync, fd));
}

int fdatasync(int fd)
{
    return (int)(is_bad("fsync") ? fails_with(EIO) : syscall(SYS_fdatasync, fd));
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    return is_bad("write") ? fails_with(EROFS) : syscall(SYS_pwrite64, fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset)
{
    return pwrite(fd, data, size, offset);
}
