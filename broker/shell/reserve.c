#include "broker/shell/reserve.h"

#include "base/log.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    RESERVE =
        48, /* fewer left than this, and the doors rest; less than what the bridge leaves alone */
    ROOM = 2 * RESERVE,   /* as many, and they open: not at every client that goes */
    ACCEPTED_PER_MS = 20, /* more than libzmq can */
    SHORTEST_MS = 2,
    LONGEST_MS = 1000,
    RESTING_MS = 500,
};

static size_t limit(void)
{
    struct rlimit files;
    return getrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur : SIZE_MAX;
}

/* How many numbers there are from the lowest free one to the limit: no more descriptors than that are free, and hardly fewer
 * as long as the reserve was kept. */
static size_t left_at_most(size_t limit)
{
    int lowest = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    if (lowest < 0)
        return 0;
    (void)close(lowest);
    return limit > (size_t)lowest ? limit - (size_t)lowest : 0;
}

/* Counted one by one. */
static size_t left(size_t limit)
{
    DIR *open_ones = opendir("/proc/self/fd");
    if (open_ones == NULL)
        return 0;
    size_t count = 0;
    while (readdir(open_ones) != NULL)
        count++;
    (void)closedir(open_ones); /* . and .. and its own are counted; that is three too few left */
    return limit > count ? limit - count : 0;
}

static uint64_t soonest_full_ms(size_t left)
{
    uint64_t ms = left > RESERVE ? (left - RESERVE) / ACCEPTED_PER_MS : 0;
    if (ms < SHORTEST_MS)
        return SHORTEST_MS;
    return ms > LONGEST_MS ? LONGEST_MS : ms;
}

static void rest(doors_t *doors, size_t limit)
{
    doors_rest(doors);
    log_warn(
        "files.few", log_u64("limit", limit), log_u64("kept", RESERVE),
        log_str("hint", "new clients wait until others have gone; raise the limit of open files"));
}

static void wake(doors_t *doors)
{
    doors_wake(doors);
    log_info("files.enough", log_u64("rests", doors->rests));
}

void reserve_keep(reserve_t *self, doors_t *doors, uint64_t now_ms)
{
    assert(self && doors);
    if (now_ms < self->next_ms)
        return;
    size_t files = limit(), free_ones = left_at_most(files);
    if (doors->is_resting && left(files) >= ROOM)
        wake(doors);
    else if (doors->is_resting)
        doors_rest(doors);
    else if (free_ones < RESERVE)
        rest(doors, files);
    self->next_ms = now_ms + (doors->is_resting ? RESTING_MS : soonest_full_ms(free_ones));
}
