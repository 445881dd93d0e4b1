#include "broker/store/recent.h"

#include "broker/store/varint.h"

#include <assert.h>

enum { FIELDS = 5 };

void recent_add_run(buffer_t *runs, const recent_run_t *run)
{
    assert(runs && run && run->count > 0);
    bool has_room = buffer_reserve(runs, (size_t)FIELDS * VARINT_BYTES);
    assert(has_room);
    (void)has_room;
    const uint64_t fields[FIELDS] = {run->id, run->first, run->count, run->first_ms, run->size};
    char *end = runs->data + runs->size;
    for (int i = 0; i < FIELDS; i++)
        end = varint_put(end, fields[i]);
    runs->size = (size_t)(end - runs->data);
}

bool recent_take_run(span_t *runs, recent_run_t *out)
{
    assert(runs && out);
    uint64_t fields[FIELDS];
    for (int i = 0; i < FIELDS; i++)
        if (!varint_take(runs, &fields[i]))
            return false;
    *out = (recent_run_t){(uint32_t)fields[0], fields[1], fields[2], fields[3], (size_t)fields[4]};
    return out->first > 0 && out->count > 0;
}

bool recent_add_note(buffer_t *runs, buffer_t *data, uint64_t number, span_t note)
{
    assert(runs && data && number > 0);
    if (!buffer_append(data, note.data, note.size))
        return false;
    recent_add_run(
        runs, &(recent_run_t){.id = RECENT_NOTE, .first = number, .count = 1, .size = note.size});
    return true;
}

/* Takes bytes off the front. */
static void cut(buffer_t *buffer, size_t size)
{
    memmove(buffer->data, buffer->data + size, buffer->size - size);
    buffer->size -= size;
}

uint64_t recent_drop_notes(buffer_t *runs, buffer_t *data, uint64_t below)
{
    assert(runs && data);
    uint64_t count = 0;
    size_t bytes = 0;
    span_t rest = buffer_span(runs), next = rest;
    recent_run_t run;
    while (next.size > 0 && recent_take_run(&next, &run) && run.first < below) {
        assert(run.id == RECENT_NOTE);
        bytes += run.size;
        rest = next;
        count++;
    }
    if (count == 0)
        return 0;
    cut(data, bytes);
    cut(runs, runs->size - rest.size);
    return count;
}
