#include "broker/store/backup.h"

#include "broker/store/opening.h"
#include "broker/store/schema.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { STEP_PAGES = 512, OWNER_ONLY = 0600, TIME_BYTES = 32, SUFFIX_BYTES = 8 };

typedef char path_t[BACKUP_PATH_BYTES + SUFFIX_BYTES];

static bool refuse(char *out_error, const char *path, const char *why)
{
    snprintf(out_error, PLACE_ERROR_BYTES,
             "cannot write the backup %s: %s; make room there, or name another place", path, why);
    return false;
}

/* Where the copy will be. False: the name is too long. */
static bool name_copy(const char *to, char *out_path, char *out_error)
{
    struct stat found;
    struct tm now;
    char text[TIME_BYTES];
    time_t seconds = time(NULL);
    strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", gmtime_r(&seconds, &now));
    bool is_directory = stat(to, &found) == 0 && S_ISDIR(found.st_mode);
    int size = is_directory ? snprintf(out_path, BACKUP_PATH_BYTES, "%s/hubbub-%s.db", to, text)
                            : snprintf(out_path, BACKUP_PATH_BYTES, "%s", to);
    return size < BACKUP_PATH_BYTES || refuse(out_error, to, "its name is too long");
}

/* The source stays at one moment: without a transaction every commit of the broker's would make the copy begin
 * again. Until the end the journal cannot be emptied. */
static int copy_pages(const backup_t *self, db_t *from, db_t *to)
{
    int64_t any;
    int code = db_run(from, "BEGIN");
    if (code == SQLITE_OK)
        code = db_number(from, "SELECT count(*) FROM meta", &any);
    if (code != SQLITE_OK)
        return code;
    sqlite3_backup *copy = sqlite3_backup_init(to->handle, "main", from->handle, "main");
    if (copy == NULL)
        return sqlite3_extended_errcode(to->handle);
    do {
        code = sqlite3_backup_step(copy, STEP_PAGES);
        int total = sqlite3_backup_pagecount(copy);
        if (self->progress)
            self->progress(total - sqlite3_backup_remaining(copy), total);
    } while (code == SQLITE_OK);
    int finished = sqlite3_backup_finish(copy);
    return code == SQLITE_DONE ? finished : code;
}

static int mark_copy(db_t *to)
{
    int code = db_prepare(to);
    return code == SQLITE_OK ? schema_set_number(to, META_COPY, 1) : code;
}

static bool fill(const backup_t *self, db_t *from, const char *path, char *out_error)
{
    db_t to;
    int code = db_open(&to, path, NULL, DB_WRITES);
    if (code == SQLITE_OK)
        code = copy_pages(self, from, &to);
    if (code == SQLITE_OK)
        code = mark_copy(&to);
    db_close(&to);
    return code == SQLITE_OK || refuse(out_error, path, sqlite3_errstr(code));
}

/* Everything of it reaches the disk before it has its name. */
static bool sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    bool is_synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return is_synced;
}

static bool put_in_place(const char *part, const char *path)
{
    path_t folder;
    snprintf(folder, sizeof folder, "%s", path);
    return sync_path(part, O_RDONLY) && rename(part, path) == 0 &&
           sync_path(dirname(folder), O_RDONLY | O_DIRECTORY);
}

static bool copy(const backup_t *self, db_t *from, const char *path, char *out_error)
{
    path_t part;
    snprintf(part, sizeof part, "%s.part", path);
    unlink(part); /* of one that was cut short */
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, OWNER_ONLY);
    if (fd < 0)
        return refuse(out_error, part, strerror(errno));
    close(fd);
    bool is_made = fill(self, from, part, out_error);
    if (is_made && !put_in_place(part, path))
        is_made = refuse(out_error, path, strerror(errno));
    if (!is_made)
        unlink(part);
    return is_made;
}

bool backup_make(const backup_t *self, char *out_path, char *out_error)
{
    assert(self && self->directory && self->to && out_path && out_error);
    place_t place;
    db_t from = {.handle = NULL};
    int64_t version;
    if (!name_copy(self->to, out_path, out_error) ||
        !place_init(&place, self->directory, out_error) || !opening_is_there(&place, out_error))
        return false;
    int code = db_open(&from, place.database, NULL, DB_READS);
    if (code != SQLITE_OK)
        opening_explain(&place, code, "it cannot be opened", out_error);
    bool is_made = code == SQLITE_OK && opening_is_ours(&place, &from, &version, out_error) &&
                   copy(self, &from, out_path, out_error);
    db_close(&from);
    return is_made;
}
