#include "base/places.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OWNER_ONLY = 0700 };

/* "" where it is not set, or no absolute path: XDG says that such are to be ignored. */
static const char *directory_from(const char *variable)
{
    const char *value = getenv(variable);
    return value && value[0] == '/' ? value : "";
}

void places_data(const char *given, char out[PLACES_PATH_BYTES])
{
    assert(given && out);
    const char *service = directory_from("STATE_DIRECTORY");
    const char *state = directory_from("XDG_STATE_HOME"), *home = directory_from("HOME");
    if (given[0])
        snprintf(out, PLACES_PATH_BYTES, "%s", given);
    else if (service[0]) /* several are separated by colons */
        snprintf(out, PLACES_PATH_BYTES, "%.*s", (int)strcspn(service, ":"), service);
    else if (state[0])
        snprintf(out, PLACES_PATH_BYTES, "%s/hubbub", state);
    else if (home[0])
        snprintf(out, PLACES_PATH_BYTES, "%s/.local/state/hubbub", home);
    else
        snprintf(out, PLACES_PATH_BYTES, "/var/lib/hubbub");
}

void places_config(const char *name, char out[PLACES_PATH_BYTES])
{
    assert(name && out);
    const char *config = directory_from("XDG_CONFIG_HOME"), *home = directory_from("HOME");
    if (config[0])
        snprintf(out, PLACES_PATH_BYTES, "%s/hubbub/%s", config, name);
    else if (home[0])
        snprintf(out, PLACES_PATH_BYTES, "%s/.config/hubbub/%s", home, name);
    else
        snprintf(out, PLACES_PATH_BYTES, "/etc/hubbub/%s", name);
}

/* What root makes belongs to whom the directory above belongs. */
static bool give_to_owner(const char *directory)
{
    struct stat above;
    char path[PLACES_PATH_BYTES + 4];
    if (geteuid() != 0)
        return true;
    (void)snprintf(path, sizeof path, "%s/..", directory);
    return stat(path, &above) == 0 &&
           fchownat(AT_FDCWD, directory, above.st_uid, above.st_gid, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool make_one(const char *directory)
{
    if (mkdir(directory, OWNER_ONLY) != 0)
        return errno == EEXIST;
    return give_to_owner(directory);
}

bool places_make(const char *directory)
{
    assert(directory);
    char part[PLACES_PATH_BYTES];
    size_t size = strlen(directory);
    if (size == 0 || size >= sizeof part) {
        errno = ENAMETOOLONG;
        return false;
    }
    for (size_t end = 1; end <= size; end++) {
        if (directory[end] != '/' && directory[end] != '\0')
            continue;
        memcpy(part, directory, end);
        part[end] = '\0';
        if (!make_one(part))
            return false;
    }
    return true;
}

bool places_make_for(const char *path)
{
    assert(path);
    char directory[PLACES_PATH_BYTES];
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path)
        return true;
    snprintf(directory, sizeof directory, "%.*s", (int)(slash - path), path);
    return places_make(directory);
}
