#include "broker/core/dispatch.h"

#include <assert.h>

static void write_number(writer_t *writer, const char *name, uint64_t number)
{
    pack_span(writer, span_of(name));
    msgpack_pack_uint64(&writer->packer, number);
}

/* A counter of a table's row: a prefix and the row's name. */
static void write_row(writer_t *writer, const char *prefix, span_t name, uint64_t number)
{
    size_t before = strlen(prefix);
    msgpack_pack_str(&writer->packer, before + name.size);
    msgpack_pack_str_body(&writer->packer, prefix, before);
    msgpack_pack_str_body(&writer->packer, name.data, name.size);
    msgpack_pack_uint64(&writer->packer, number);
}

enum {
    NAMED = 0
#define COUNTER(name, text) +1
#include "broker/core/counters.def"
#undef COUNTER
    ,
    PRESENT = 6, /* what there is now, below */
    GATE = 5,
    ERRORS = HUB_MALFORMED - 1,
    ALL = NAMED + PRESENT + GATE + OP_COUNT + EV_COUNT + ERRORS,
};

static void write_gate(const core_t *core, writer_t *writer)
{
    gate_t gate = {0};
    if (core->settings.gate)
        core->settings.gate(core->settings.gatekeeper, &gate);
    write_number(writer, "keys_enrolled", gate.keys_enrolled);
    write_number(writer, "handshakes_admitted", gate.handshakes_admitted);
    write_number(writer, "handshakes_refused", gate.handshakes_refused);
    write_number(writer, "frames_revoked", gate.frames_revoked);
    write_number(writer, "doors_rested", gate.doors_rested);
}

static void write_counters(const core_t *core, writer_t *writer)
{
    const counters_t *counters = &core->counters;
    write_key(writer, KEY_counters);
    msgpack_pack_map(&writer->packer, ALL);
#define COUNTER(name, text) write_number(writer, #name, counters->name);
#include "broker/core/counters.def"
#undef COUNTER
    write_number(writer, "links", slab_count(core->links));
    write_number(writer, "sessions", slab_count(core->sessions));
    write_number(writer, "rooms", slab_count(core->rooms));
    write_number(writer, "accounts", slab_count(core->accounts));
    write_number(writer, "waiting", core->pipeline.count);
    write_number(writer, "identities", lookup_count(core->identities));
    write_gate(core, writer);
    for (unsigned i = 0; i < OP_COUNT; i++)
        write_row(writer, "op_", command_row((op_t)i)->name, counters->commands[i]);
    for (unsigned i = 0; i < EV_COUNT; i++)
        write_row(writer, "ev_", event_row((ev_t)i)->name, counters->events[i]);
    for (hub_err_t err = HUB_OK + 1; err < HUB_MALFORMED; err++)
        write_row(writer, "error_", span_of(err_name(err)), counters->errors[err]);
}

static void write_memory(const core_t *core, writer_t *writer)
{
    memory_t memory = {0};
    if (core->settings.memory)
        core->settings.memory(&memory);
    write_key(writer, KEY_memory);
    msgpack_pack_map(&writer->packer, 3);
    write_number(writer, "in_use", memory.in_use_bytes);
    write_number(writer, "held", memory.held_bytes);
    write_number(writer, "mapped", memory.mapped_bytes);
}

hub_err_t on_stats(core_t *core, request_t *request)
{
    core->counters.rings_dropped = journals_dropped(core->journals);
    writer_t *writer = reply_begin(core, request);
    write_counters(core, writer);
    write_memory(core, writer);
    reply_end(core);
    return HUB_OK;
}
