#include "broker/core/core.h"

#include "broker/core/commit.h"
#include "broker/core/dispatch.h"
#include "broker/core/hashing.h"
#include "broker/core/inboxes.h"
#include "broker/core/links.h"
#include "broker/core/notes.h"
#include "broker/core/pages.h"
#include "broker/core/record.h"
#include "broker/core/records.h"
#include "broker/core/restore.h"
#include "broker/core/retention.h"
#include "broker/core/revoke.h"
#include "broker/core/sessions.h"
#include "broker/core/verdicts.h"
#include "broker/core/presence.h"
#include "broker/core/rooms.h"
#include "broker/core/whence.h"

#include <assert.h>
#include <czmq.h>

/* Deadlines met per tick, so that a great many at once do not keep the frames waiting. */
enum { DUE_PER_TICK = 1024 };

static lookup_t *new_lookup(core_t *self, const moment_t *now)
{
    uint64_t secret[LOOKUP_SECRET_BYTES / sizeof(uint64_t)];
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++)
        secret[i] = mint_number(&self->mint, now->entropy);
    return lookup_new((const uint8_t *)secret);
}

core_t *core_new(const core_settings_t *settings, const moment_t *now)
{
    assert(settings && now);
    assert(settings->links_max > 0 && settings->sessions_max > 0 && settings->rooms_max > 0);
    assert(settings->heartbeat_ms > 0 && settings->idle_ms > 0);
    assert(settings->ring_bytes >= LIMIT_FRAME_BYTES && settings->pages_max > 0);
    core_t *self = zmalloc(sizeof *self);
    self->settings = *settings;
    /* A broker that remembers nothing must not take up an epoch of the one it replaces, which may have
     * made rooms in this very second. One with a store learns more when it is restored. */
    self->epoch_floor = now->wall_ms / 1000;
    self->pseq_floor = now->wall_ms;
    self->pages = slab_new(sizeof(pending_page_t), settings->pages_max);
    buffer_init(&self->records.scratch, RECORD_BYTES);
    buffer_init(&self->records.removals, UINT32_MAX);
    buffer_init(&self->notes.fresh, UINT32_MAX);
    buffer_init(&self->notes.whole, UINT32_MAX);
    self->links = slab_new(sizeof(link_t), settings->links_max);
    self->sessions = slab_new(sizeof(session_t), settings->sessions_max);
    self->rooms = slab_new(sizeof(room_t), (size_t)settings->rooms_max + 1); /* and the audit */
    self->hashings = slab_new(sizeof(hashing_t), LIMIT_HASHES_WAITING);
    self->accounts = slab_new(sizeof(account_t), (size_t)settings->accounts_max + 1);
    self->inboxes =
        slab_new(sizeof(inbox_t), (size_t)settings->sessions_max + settings->accounts_max);
    self->links_by_peer = new_lookup(self, now);
    self->identities = new_lookup(self, now);
    self->accounts_by_nick = new_lookup(self, now);
    self->accounts_by_uid = new_lookup(self, now);
    self->rooms_by_name = new_lookup(self, now);
    self->whences = new_lookup(self, now);
    self->verdicts = slab_new(sizeof(verdict_t), LIMIT_VERDICTS);
    self->verdicts_by_target = new_lookup(self, now);
    for (int kind = 0; kind < VERDICT_KINDS; kind++)
        self->verdicts_by_uid[kind] = new_lookup(self, now);
    self->journals = journals_new(settings->ring_events, settings->ring_bytes,
                                  settings->rings_bytes, settings->has_store);
    self->deadlines = deadlines_new();
    pipeline_init(&self->pipeline);
    decoder_init(&self->decoder);
    return self;
}

static void free_things(core_t *self)
{
    session_t *session;
    for (uint32_t place = 0; (session = slab_next(self->sessions, &place));) {
        whence_leave(self, session);
        session_fini(session);
    }
    account_t *account;
    for (uint32_t place = 0; (account = slab_next(self->accounts, &place));)
        account_fini(account);
    inbox_t *inbox;
    for (uint32_t place = 0; (inbox = slab_next(self->inboxes, &place));)
        journal_fini(&inbox->journal, self->journals);
    room_t *room;
    for (uint32_t place = 0; (room = slab_next(self->rooms, &place));) {
        journal_fini(&room->journal, self->journals);
        room->members.count = 0;
        room_fini(room);
    }
    link_t *link;
    for (uint32_t place = 0; (link = slab_next(self->links, &place));)
        link_fini(link);
}

void core_destroy(core_t **self_p)
{
    assert(self_p);
    core_t *self = *self_p;
    if (self == NULL)
        return;
    free_things(self);
    hashing_fini(self);
    verdicts_fini(self);
    backoff_fini(&self->wrong_passwords);
    restore_fini(self);
    records_fini(&self->records);
    notes_fini(&self->notes);
    slab_destroy(&self->pages);
    decoder_fini(&self->decoder);
    pipeline_fini(&self->pipeline);
    deadlines_destroy(&self->deadlines);
    journals_destroy(&self->journals);
    lookup_destroy(&self->links_by_peer);
    lookup_destroy(&self->identities);
    lookup_destroy(&self->accounts_by_nick);
    lookup_destroy(&self->accounts_by_uid);
    lookup_destroy(&self->rooms_by_name);
    lookup_destroy(&self->whences);
    slab_destroy(&self->links);
    slab_destroy(&self->sessions);
    slab_destroy(&self->rooms);
    slab_destroy(&self->inboxes);
    slab_destroy(&self->accounts);
    free(self);
    *self_p = NULL;
}

/* Deadlines live in their owners and are cancelled before those go. */
static void meet(core_t *self, deadline_t *due)
{
    switch (due->kind) {
    case DUE_LINK:
        link_is_due(self, DEADLINE_OWNER(due, link_t, due));
        return;
    case DUE_SESSION:
        session_is_due(self, DEADLINE_OWNER(due, session_t, due));
        return;
    case DUE_INBOX:
        inbox_is_quiet(self, DEADLINE_OWNER(due, inbox_t, quiet_due));
        return;
    case DUE_PRESENCE:
        presence_flush(self, DEADLINE_OWNER(due, room_t, presence_due));
        return;
    case DUE_QUIET:
        room_is_quiet(self, DEADLINE_OWNER(due, room_t, quiet_due));
        return;
    case DUE_ROOM:
        room_is_old(self, DEADLINE_OWNER(due, room_t, keep_due));
        return;
    case DUE_RECORDS:
        return; /* the end of the turn writes them */
    case DUE_INVITES:
        room_invites_end(self, DEADLINE_OWNER(due, room_t, invites_due));
        return;
    case DUE_HISTORY:
        retention_is_due(self);
        return;
    }
}

static void tick(core_t *self)
{
    deadline_t *due;
    for (int i = 0; i < DUE_PER_TICK; i++) {
        due = deadlines_take(self->deadlines, self->now->mono_ms);
        if (due == NULL)
            return;
        meet(self, due);
    }
}

static void lose_peer(core_t *self, peer_t peer)
{
    link_t *link = link_find(self, peer);
    if (link == NULL)
        return;
    self->counters.links_gone++;
    link_lose(self, link);
}

static void peer_waits(core_t *self, peer_t peer, uint64_t bytes)
{
    link_t *link = link_find(self, peer);
    if (link)
        link_waits(self, link, bytes);
    else if (bytes > LIMIT_FRAME_BYTES)
        peer_is_slow(self, peer);
}

/* Once per link: it is about the broker, not about one session. */
static void stop(core_t *self, uint64_t after_ms)
{
    self->pseq_floor =
        self->now->wall_ms > self->pseq_floor ? self->now->wall_ms : self->pseq_floor;
    records_broker(self);
    const link_t *link;
    for (uint32_t place = 0; (link = slab_next(self->links, &place));) {
        outbox_begin_send(self->out, link_peer(link));
        write_begin(&self->writer, &self->out->bytes);
        write_str(&self->writer, KEY_ev, event_row(EV_shutdown)->name);
        write_uint(&self->writer, KEY_after_ms, after_ms);
        write_end(&self->writer);
        outbox_end(self->out);
        self->counters.events[EV_shutdown]++;
    }
}

void core_step(core_t *self, const event_t *event, const moment_t *now, outbox_t *out)
{
    assert(self && event && now && out);
    assert(self->now == NULL); /* not from within a step */
    self->now = now;
    self->out = out;
    switch (event->kind) {
    case EVENT_FRAME:
        dispatch(self, event);
        break;
    case EVENT_TURN:
        commit_turn(self);
        break;
    case EVENT_TICK:
        tick(self);
        break;
    case EVENT_COMMITTED:
        commit_release(self, event->batch);
        break;
    case EVENT_APPEND_FAILED:
        commit_undo(self, event->batch);
        break;
    case EVENT_LINK_GONE:
        lose_peer(self, event->peer);
        break;
    case EVENT_LINK_WAITING:
        peer_waits(self, event->peer, event->waiting_bytes);
        break;
    case EVENT_STOP:
        stop(self, event->after_ms);
        break;
    case EVENT_LOG:
        restore_log(self, &event->log);
        break;
    case EVENT_RECORD:
        restore_record(self, event->key, event->value);
        break;
    case EVENT_NOTE:
        restore_note(self, event->number, event->value);
        break;
    case EVENT_RESTORED:
        restore_end(self, &event->origin);
        break;
    case EVENT_PAGE:
        pages_take(self, &event->page);
        break;
    case EVENT_TRIMMED:
        retention_trimmed(self, &event->log);
        break;
    case EVENT_KEYS_REVOKED:
        revoke_keys(self, event->revoked);
        break;
    case EVENT_HASHED:
        hashing_done(self, event);
        break;
    }
    self->now = NULL;
    self->out = NULL;
}

uint64_t core_next_ms(const core_t *self)
{
    assert(self);
    return deadlines_next_ms(self->deadlines);
}

hub_err_t core_restored(const core_t *self)
{
    assert(self);
    return self->restored;
}

size_t core_session_count(const core_t *self)
{
    assert(self);
    return slab_count(self->sessions);
}
