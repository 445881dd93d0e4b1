/* tests/faults/wall_clock.c - a wall clock that jumps.
 *
 * Whoever loads this in front of the C library sees the wall clock off by as many milliseconds as the file named by
 * HUB_WALL_CLOCK says (8 bytes, host order), from one call to the next; the monotonic clock stays what it is.
 * Every thread, no lock: the file is mapped. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { MS = 1000000, S = 1000000000 };

static const volatile int64_t *offset_ms;

__attribute__((constructor)) static void begin(void)
{
    const char *name = getenv("HUB_WALL_CLOCK");
    int fd = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *page = mmap(NULL, sizeof *offset_ms, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (page != MAP_FAILED)
        offset_ms = page;
}

static int64_t wall_ns(void)
{
    struct timespec now = {0};
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * S + now.tv_nsec + (offset_ms ? *offset_ms * MS : 0);
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)
        return (int)syscall(SYS_clock_gettime, clock, out);
    int64_t now = wall_ns();
    *out = (struct timespec){.tv_sec = now / S, .tv_nsec = now % S};
    return 0;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    (void)zone;
    int64_t now = wall_ns();
    *out = (struct timeval){.tv_sec = now / S, .tv_usec = now % S / 1000};
    return 0;
}

time_t time(time_t *out)
{
    time_t now = wall_ns() / S;
    if (out)
        *out = now;
    return now;
}
