#include "broker/shell/storage.h"

#include "base/log.h"
#include "base/places.h"
#include "broker/store/sqlite.h"

#include <assert.h>

void storage_directory(const options_t *options, char out[STORAGE_PATH_BYTES])
{
    assert(options);
    _Static_assert((int)STORAGE_PATH_BYTES == (int)PLACES_PATH_BYTES, "one is told as the other");
    places_data(options->data, out);
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
