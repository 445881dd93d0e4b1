#include "broker/store/place.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MARK "user.hubbub.mark"

enum { OWNER_ONLY_DIRECTORY = 0700, OWNER_ONLY_FILE = 0600, NUMBER_BYTES = 24 };

static bool refuse(char *out_error, const char *format, const char *path, const char *why)
{
    snprintf(out_error, PLACE_ERROR_BYTES, format, path, why);
    return false;
}

bool place_init(place_t *self, const char *directory, char *out_error)
{
    assert(self && directory && *directory && out_error);
    *self = (place_t){.lock_fd = -1};
    const char *const format = "%s/hubbub.db%s";
    size_t size = (size_t)snprintf(self->directory, PLACE_PATH_BYTES, "%s", directory);
    snprintf(self->database, PLACE_PATH_BYTES, format, directory, "");
    snprintf(self->journal, PLACE_PATH_BYTES, format, directory, "-wal");
    size_t longest =
        (size_t)snprintf(self->fresh, PLACE_PATH_BYTES, format, directory, ".fresh-journal");
    snprintf(self->fresh, PLACE_PATH_BYTES, format, directory, ".fresh");
    snprintf(self->lock, PLACE_PATH_BYTES, "%s/hubbub.lock", directory);
    if (size < PLACE_PATH_BYTES && longest < PLACE_PATH_BYTES)
        return true;
    return refuse(
        out_error,
        "the data directory %.200s... has too long a name%s; give another with --data DIR",
        directory, "");
}

/* Makes all directories of the path that are missing. */
static bool make_directories(const char *path)
{
    char part[PLACE_PATH_BYTES];
    for (const char *end = path + 1;; end++) {
        if (*end != '/' && *end != '\0')
            continue;
        snprintf(part, sizeof part, "%.*s", (int)(end - path), path);
        if (mkdir(part, OWNER_ONLY_DIRECTORY) != 0 && errno != EEXIST)
            return false;
        if (*end == '\0')
            return true;
    }
}

/* What the lock file says. */
static void read_lock(const place_t *self, char out[PLACE_LOCK_BYTES])
{
    ssize_t size = pread(self->lock_fd, out, PLACE_LOCK_BYTES - 1, 0);
    out[size > 0 ? size : 0] = '\0';
}

/* For people, and for place_fits() which can do without: a full disk is no reason not to start. */
static void write_lock(const place_t *self, const char *files)
{
    char text[PLACE_LOCK_BYTES];
    int size = snprintf(text, sizeof text, "%ld\n%s", (long)getpid(), files);
    assert(size > 0 && size < PLACE_LOCK_BYTES);
    if (ftruncate(self->lock_fd, 0) == 0)
        (void)!pwrite(self->lock_fd, text, (size_t)size, 0);
}

/* Says whose it is, if they could be asked. */
static bool refuse_held(const place_t *self, char *out_error)
{
    char pid[PLACE_LOCK_BYTES];
    read_lock(self, pid);
    pid[strcspn(pid, "\n")] = '\0';
    snprintf(out_error, PLACE_ERROR_BYTES,
             "the data directory %s is in use by another hubbubd%s%s; stop that one, or give this "
             "one a directory of its own with --data DIR",
             self->directory, *pid ? ", process " : "", pid);
    return false;
}

static bool take_lock(place_t *self, char *out_error)
{
    if (flock(self->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return refuse_held(self, out_error);
        return refuse(out_error, "cannot lock %s: %s; give another directory with --data DIR",
                      self->lock, strerror(errno));
    }
    char text[PLACE_LOCK_BYTES];
    read_lock(self, text);
    const char *files = strchr(text, '\n');
    snprintf(self->remembered, sizeof self->remembered, "%s", files ? files + 1 : "");
    write_lock(self, self->remembered);
    return true;
}

bool place_make(const place_t *self, char *out_error)
{
    assert(self && out_error);
    const char *const advice = "give another with --data DIR, or keep nothing with --durability "
                               "memory";
    if (make_directories(self->directory) && access(self->directory, W_OK | X_OK) == 0)
        return true;
    snprintf(out_error, PLACE_ERROR_BYTES, "the data directory %s cannot be %s: %s; %s",
             self->directory, access(self->directory, F_OK) == 0 ? "written" : "made",
             strerror(errno), advice);
    return false;
}

bool place_claim(place_t *self, char *out_error)
{
    assert(self && self->lock_fd < 0 && out_error);
    if (!place_make(self, out_error))
        return false;
    self->lock_fd = open(self->lock, O_RDWR | O_CREAT | O_CLOEXEC, OWNER_ONLY_FILE);
    if (self->lock_fd < 0)
        return refuse(out_error, "cannot open %s: %s; give another directory with --data DIR",
                      self->lock, strerror(errno));
    if (take_lock(self, out_error))
        return true;
    place_release(self);
    return false;
}

void place_release(place_t *self)
{
    assert(self);
    if (self->lock_fd >= 0)
        close(self->lock_fd); /* the file stays: removing it would let two lock two files */
    self->lock_fd = -1;
}

/* Bytes of a file; 0 also where there is none, which *out_is_there says. */
static bool look_at(const char *path, bool *out_is_there, off_t *out_size)
{
    struct stat found;
    *out_is_there = stat(path, &found) == 0;
    *out_size = *out_is_there ? found.st_size : 0;
    return *out_is_there || errno == ENOENT;
}

place_content_t place_look(const place_t *self)
{
    assert(self);
    bool has_database, has_journal;
    off_t size, journal_size;
    if (!look_at(self->database, &has_database, &size) ||
        !look_at(self->journal, &has_journal, &journal_size))
        return PLACE_UNKNOWN;
    if (size > 0)
        return PLACE_FILLED;
    if (journal_size > 0)
        return PLACE_ORPHAN;
    return has_database ? PLACE_BLANK : PLACE_EMPTY;
}

static void identify(const char *path, char out[PLACE_FILE_BYTES])
{
    struct statx found;
    out[0] = '\0';
    if (statx(AT_FDCWD, path, 0, STATX_INO | STATX_BTIME, &found) != 0)
        return;
    if (!(found.stx_mask & STATX_BTIME))
        found.stx_btime = (struct statx_timestamp){.tv_sec = 0};
    snprintf(out, PLACE_FILE_BYTES, "%" PRIu64 " %" PRId64 ".%09" PRIu32, (uint64_t)found.stx_ino,
             (int64_t)found.stx_btime.tv_sec, (uint32_t)found.stx_btime.tv_nsec);
}

void place_file(const place_t *self, char out[PLACE_FILE_BYTES])
{
    assert(self && out);
    identify(self->database, out);
}

void place_remember(const place_t *self)
{
    assert(self && self->lock_fd >= 0);
    char database[PLACE_FILE_BYTES], journal[PLACE_FILE_BYTES], files[2 * PLACE_FILE_BYTES + 2];
    identify(self->database, database);
    identify(self->journal, journal);
    snprintf(files, sizeof files, "%s\n%s\n", database, journal);
    write_lock(self, files);
}

static const char BROKEN[] = "broken\n"; /* behind the two lines */

void place_break(place_t *self)
{
    assert(self && self->lock_fd >= 0);
    char text[PLACE_LOCK_BYTES];
    read_lock(self, text);
    const char *files = strchr(text, '\n');
    snprintf(self->remembered, sizeof self->remembered, "%s%s", files ? files + 1 : "\n\n", BROKEN);
    write_lock(self, self->remembered);
}

bool place_was_broken(const place_t *self)
{
    assert(self);
    return strstr(self->remembered, BROKEN) != NULL;
}

/* The line of `text` is that. */
static bool is_line(const char *text, const char *line)
{
    size_t size = strlen(line);
    return strncmp(text, line, size) == 0 && text[size] == '\n';
}

bool place_fits(const place_t *self)
{
    assert(self);
    char database[PLACE_FILE_BYTES], journal[PLACE_FILE_BYTES];
    const char *behind = strchr(self->remembered, '\n');
    identify(self->database, database);
    identify(self->journal, journal);
    if (behind == NULL || journal[0] == '\0')
        return true;
    return is_line(self->remembered, database) || !is_line(behind + 1, journal);
}

uint64_t place_mark(const place_t *self)
{
    assert(self);
    char text[NUMBER_BYTES] = "";
    if (getxattr(self->database, MARK, text, sizeof text - 1) <= 0)
        return 0;
    return strtoull(text, NULL, 10);
}

void place_set_mark(const place_t *self, uint64_t mark)
{
    assert(self);
    char text[NUMBER_BYTES];
    int size = snprintf(text, sizeof text, "%" PRIu64, mark);
    /* Some file systems keep none; then an older copy over the same file is not noticed. */
    (void)setxattr(self->database, MARK, text, (size_t)size, 0);
}

bool place_sync(const place_t *self)
{
    assert(self);
    int fd = open(self->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool is_synced = fsync(fd) == 0;
    close(fd);
    return is_synced;
}
