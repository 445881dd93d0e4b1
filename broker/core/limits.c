#include "broker/core/limits.h"

#include <assert.h>
#include <ctype.h>

typedef struct {
    const char *name; /* as the world knows it, but for its letters */
    uint64_t value;
} limit_t;

static const limit_t FIXED[] = {
#define LIMIT(symbol, value, unit, reason) {#symbol, LIMIT_##symbol},
#include "proto/limits.def"
#undef LIMIT
};
enum { FIXED_COUNT = sizeof FIXED / sizeof FIXED[0] };

static void write_limit(writer_t *writer, limit_t limit)
{
    char name[32];
    size_t size = strlen(limit.name);
    assert(size <= sizeof name);
    for (size_t i = 0; i < size; i++)
        name[i] = (char)tolower((unsigned char)limit.name[i]);
    pack_span(writer, (span_t){name, size});
    msgpack_pack_uint64(&writer->packer, limit.value);
}

void limits_write(writer_t *writer, const core_settings_t *settings)
{
    assert(writer && settings);
    const limit_t set[] = {
#define SET(name) {#name, settings->name}
        SET(rate_per_s),           SET(rate_burst),    SET(flood_refusals),
        SET(flood_window_ms),      SET(flood_mute_ms), SET(greetings_per_s),
        SET(greetings_burst),      SET(sessions_max),  SET(links_max),
        SET(sessions_per_address), SET(rooms_max),     SET(members_max),
        SET(link_backlog_bytes),   SET(replay_per_s),  SET(pages_max),
        SET(pending_max),          SET(accounts_max),  SET(rooms_made_per_h),
        SET(accounts_made_per_h),
#undef SET
    };
    size_t set_count = sizeof set / sizeof set[0];
    write_key(writer, KEY_limits);
    msgpack_pack_map(&writer->packer, FIXED_COUNT + set_count);
    for (size_t i = 0; i < FIXED_COUNT; i++)
        write_limit(writer, FIXED[i]);
    for (size_t i = 0; i < set_count; i++)
        write_limit(writer, set[i]);
}
