#include "broker/shell/storage.h"

#include "base/log.h"
#include "broker/store/sqlite.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "" where it is not set, or no absolute path: XDG says that such are to be ignored. */
static const char *directory_from(const char *variable)
{
    const char *value = getenv(variable);
    return value && value[0] == '/' ? value : "";
}

void storage_directory(const options_t *options, char out[STORAGE_PATH_BYTES])
{
    assert(options && out);
    const char *service = directory_from("STATE_DIRECTORY");
    const char *state = directory_from("XDG_STATE_HOME"), *home = directory_from("HOME");
    if (options->data[0])
        snprintf(out, STORAGE_PATH_BYTES, "%s", options->data);
    else if (service[0]) /* several are separated by colons */
        snprintf(out, STORAGE_PATH_BYTES, "%.*s", (int)strcspn(service, ":"), service);
    else if (state[0])
        snprintf(out, STORAGE_PATH_BYTES, "%s/hubbub", state);
    else if (home[0])
        snprintf(out, STORAGE_PATH_BYTES, "%s/.local/state/hubbub", home);
    else
        snprintf(out, STORAGE_PATH_BYTES, "/var/lib/hubbub");
}

store_t *storage_open(const options_t *options, char *out_error)
{
    assert(options && out_error);
    _Static_assert((int)STORAGE_ERROR_BYTES >= (int)STORE_ERROR_BYTES, "one is told as the other");
    if (options->durability == DURABILITY_MEMORY)
        return store_memory_new();
    char directory[STORAGE_PATH_BYTES];
    storage_directory(options, directory);
    bool may_do_without = options->durability == DURABILITY_AUTO && options->data[0] == '\0';
    if (may_do_without && !store_sqlite_can_have(directory, out_error)) {
        log_warn("store.memory_only", log_str("reason", out_error));
        return store_memory_new();
    }
    store_t *store =
        store_sqlite_new(&(store_sqlite_t){.directory = directory,
                                           .is_synced = options->durability == DURABILITY_POWER},
                         out_error);
    if (store)
        log_info("store.open", log_str("directory", directory));
    return store;
}
