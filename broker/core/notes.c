#include "broker/core/notes.h"

#include <assert.h>
#include <czmq.h>

enum { SAID, TOLD, REFUSED };

enum {
    SWEEP_AFTER = 65536,  /* entries beyond those that the last sweep kept */
    SWEEP_ENTRIES = 1024, /* written again each turn, at least */
    NUMBER_BYTES = 8,
    DONE_BYTES = 1 + 5 * NUMBER_BYTES,
};

void notes_fini(notes_t *self)
{
    assert(self);
    buffer_fini(&self->fresh);
    buffer_fini(&self->whole);
    for (size_t i = 0; i < self->hint_count; i++)
        free(self->hints[i]);
    self->hint_count = 0;
}

/* --- writing ------------------------------------------------------------------------------------ */

static char *extend(buffer_t *out, size_t size)
{
    char *place = buffer_extend(out, size);
    assert(place);
    return place;
}

static char *put_number(char *place, uint64_t number)
{
    number = htobe64(number);
    memcpy(place, &number, NUMBER_BYTES);
    return place + NUMBER_BYTES;
}

static void put_text(buffer_t *out, const char *text)
{
    size_t size = text ? strnlen(text, UINT8_MAX) : 0;
    char *place = extend(out, 1 + size);
    *place = (char)size;
    if (size > 0)
        memcpy(place + 1, text, size);
}

static void put_entry(buffer_t *out, uint64_t serial, uint64_t cid, const outcome_t *outcome)
{
    bool is_done = outcome->err == HUB_OK;
    char *place = extend(out, is_done ? DONE_BYTES : 1 + 2 * NUMBER_BYTES);
    *place = is_done ? (outcome->is_private ? TOLD : SAID) : REFUSED;
    place = put_number(put_number(place + 1, serial), cid);
    if (is_done) {
        put_number(put_number(put_number(place, outcome->epoch), outcome->seq), outcome->at_ms);
        return;
    }
    put_text(out, err_name(outcome->err));
    put_text(out, outcome->hint);
}

void notes_add(core_t *core, session_t *session, uint64_t cid, const outcome_t *outcome)
{
    assert(core && session && cid > 0 && outcome);
    if (!core->settings.has_store)
        return;
    put_entry(&core->notes.fresh, session->serial, cid, outcome);
    core->notes.written++;
}

/* Writes again what is kept of a session, those too whose answers still wait: they are void or last with
 * this very batch or an earlier one. */
static void copy_session(notes_t *self, const session_t *session)
{
    const outcome_t *outcome;
    const cids_t *cids = &session->cids;
    for (uint64_t cid = cids_forgotten(cids) + 1; cid <= cids->highest; cid++) {
        cid_state_t state = cids_look(cids, cid, &outcome);
        assert(state == CID_KNOWN);
        (void)state;
        put_entry(&self->whole, session->serial, cid, outcome);
        self->copied++;
    }
}

/* True: all sessions have been copied. */
static bool sweep_some(core_t *core)
{
    notes_t *notes = &core->notes;
    uint64_t enough = notes->copied + SWEEP_ENTRIES;
    while (notes->copied < enough) {
        const session_t *session = slab_next(core->sessions, &notes->place);
        if (session == NULL)
            return true;
        copy_session(notes, session);
    }
    return false;
}

static void begin_sweep(notes_t *self)
{
    self->is_sweeping = true;
    self->place = 0;
    self->copied = self->written = 0;
    self->below = self->number + 1;
}

/* Copies stand in front of the turn's own entries, so that reading finds a session's cids ascending. */
void notes_write(core_t *core)
{
    assert(core);
    notes_t *notes = &core->notes;
    if (notes->fresh.size == 0)
        return;
    buffer_recycle(&notes->whole);
    if (!notes->is_sweeping && notes->written > notes->kept + SWEEP_AFTER)
        begin_sweep(notes);
    bool is_swept = notes->is_sweeping && sweep_some(core);
    memcpy(extend(&notes->whole, notes->fresh.size), notes->fresh.data, notes->fresh.size);
    buffer_recycle(&notes->fresh);
    core->pipeline.is_open = true;
    outbox_note(core->out, core->pipeline.batch, ++notes->number, buffer_span(&notes->whole));
    if (!is_swept)
        return;
    notes->is_sweeping = false;
    notes->kept = notes->copied;
    core->counters.sweeps++;
    outbox_drop_notes(core->out, core->pipeline.batch, notes->below);
}

/* A sweep that lost a part begins anew: what it copied may be void, and nothing may be dropped for it. */
void notes_undo(core_t *core)
{
    assert(core);
    buffer_clear(&core->notes.fresh);
    if (core->notes.is_sweeping)
        begin_sweep(&core->notes);
}

/* --- reading ------------------------------------------------------------------------------------ */

static bool take_number(span_t *rest, uint64_t *out)
{
    if (rest->size < NUMBER_BYTES)
        return false;
    memcpy(out, rest->data, NUMBER_BYTES);
    *out = be64toh(*out);
    *rest = (span_t){rest->data + NUMBER_BYTES, rest->size - NUMBER_BYTES};
    return true;
}

static bool take_text(span_t *rest, span_t *out)
{
    if (rest->size < 1 || rest->size - 1 < (uint8_t)rest->data[0])
        return false;
    *out = (span_t){rest->data + 1, (uint8_t)rest->data[0]};
    *rest = (span_t){out->data + out->size, rest->size - 1 - out->size};
    return true;
}

/* Hints are texts of our own, so there are few; one more than we can keep is the error's own. */
static const char *intern(notes_t *self, span_t hint)
{
    if (hint.size == 0)
        return NULL;
    for (size_t i = 0; i < self->hint_count; i++)
        if (span_is(hint, self->hints[i]))
            return self->hints[i];
    if (self->hint_count == NOTES_HINTS_MAX)
        return NULL;
    char *copy = zmalloc(hint.size + 1);
    memcpy(copy, hint.data, hint.size);
    self->hints[self->hint_count++] = copy;
    return copy;
}

static bool take_refusal(notes_t *self, span_t *rest, outcome_t *out)
{
    span_t name, hint;
    if (!take_text(rest, &name) || !take_text(rest, &hint))
        return false;
    hub_err_t err = err_find(name);
    if (err == HUB_OK || err >= HUB_MALFORMED)
        return false;
    *out = (outcome_t){.err = err, .hint = intern(self, hint)};
    return true;
}

static bool take_entry(notes_t *self, span_t *rest, uint64_t *out_serial, uint64_t *out_cid,
                       outcome_t *out)
{
    unsigned kind = (uint8_t)rest->data[0];
    *rest = (span_t){rest->data + 1, rest->size - 1};
    if (kind > REFUSED || !take_number(rest, out_serial) || !take_number(rest, out_cid) ||
        *out_cid == 0)
        return false;
    if (kind == REFUSED)
        return take_refusal(self, rest, out);
    *out = (outcome_t){.is_private = kind == TOLD};
    return take_number(rest, &out->epoch) && take_number(rest, &out->seq) &&
           take_number(rest, &out->at_ms);
}

hub_err_t notes_restore(core_t *core, uint64_t number, span_t bytes,
                        session_t *(*find)(core_t *core, uint64_t serial))
{
    assert(core && find);
    uint64_t serial, cid;
    outcome_t outcome;
    if (number <= core->notes.number)
        return HUB_MALFORMED;
    core->notes.number = number;
    while (bytes.size > 0) {
        if (!take_entry(&core->notes, &bytes, &serial, &cid, &outcome))
            return HUB_MALFORMED;
        core->notes.written++;
        if (serial > INT64_MAX)
            return HUB_MALFORMED;
        if (serial > core->serial)
            core->serial = serial;
        session_t *session = find(core, serial);
        if (session)
            cids_restore(&session->cids, cid, outcome);
    }
    return HUB_OK;
}
