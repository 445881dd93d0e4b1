#include "broker/core/links.h"

#include "broker/core/sessions.h"

#include <assert.h>

/* Heartbeats a link may miss, how long it may leave what is sent to it unread, and how long it is remembered
 * without a session. */
enum { HEARTBEATS = 3, UNREAD_MS = 10000, BARE_MS = 10000 };

link_t *link_find(core_t *core, peer_t peer)
{
    assert(core);
    char key[LINK_KEY_BYTES];
    size_t size = link_key(peer, key);
    return lookup_find(core->links_by_peer, (span_t){key, size});
}

static uint64_t silent_ms(const core_t *core, const link_t *link)
{
    return link->heard_ms + HEARTBEATS * core->settings.heartbeat_ms;
}

static bool is_bare(const link_t *link)
{
    return link->sids.count == 0;
}

/* The soonest moment at which the link may be found silent, not reading, or of no use. */
static uint64_t due_ms(const core_t *core, const link_t *link)
{
    uint64_t due = silent_ms(core, link), unread = link->waiting_since_ms + UNREAD_MS;
    if (link->waiting_bytes > 0 && unread < due)
        due = unread;
    uint64_t bare = link->bare_since_ms + BARE_MS;
    return is_bare(link) && bare < due ? bare : due;
}

link_t *link_under_key(core_t *core, peer_t peer, const peer_key_t *key)
{
    assert(core && key);
    link_t *link = link_find(core, peer);
    if (link == NULL || peer_key_equal(shared_key_get(link->peer_key), key))
        return link;
    core->counters.links_gone++;
    link_lose(core, link);
    return NULL;
}

link_t *link_make(core_t *core, peer_t peer, const peer_key_t *key)
{
    assert(core && key && link_find(core, peer) == NULL);
    uint64_t id;
    link_t *link = slab_add(core->links, &id);
    if (link == NULL)
        return NULL;
    link->id = id;
    link->heard_ms = core->now->mono_ms;
    link_set_peer(link, peer);
    link->bare_since_ms = core->now->mono_ms;
    bucket_init(&link->replay, REPLAY_BURST, core->now->mono_ms);
    bucket_init(&link->greetings, core->settings.greetings_burst, core->now->mono_ms);
    sids_init(&link->sids, mint_number(&core->mint, core->now->entropy));
    link->peer_key = shared_key_new(key);
    span_t name = {link->key, sizeof peer.door + peer.routing.size};
    lookup_add(core->links_by_peer, &link->by_peer, name, link);
    deadlines_set(core->deadlines, &link->due, DUE_LINK, due_ms(core, link));
    return link;
}

void link_heard(const core_t *core, link_t *link)
{
    assert(core && link && core->now->mono_ms >= link->heard_ms);
    link->heard_ms = core->now->mono_ms;
}

/* Losing its link takes a session out of the table, so they are listed before. */
static void lose_sessions(core_t *core, link_t *link)
{
    numbers_t places = {0};
    uint32_t number;
    for (uint32_t place = 0; (number = sids_next(&link->sids, &place));)
        numbers_add(&places, number - 1);
    for (size_t i = 0; i < places.count; i++)
        session_lose_link(core, slab_at(core->sessions, (uint32_t)places.list[i]));
    numbers_fini(&places);
}

void link_lose(core_t *core, link_t *link)
{
    assert(core && link);
    lose_sessions(core, link);
    assert(link->sids.count == 0 && link->rooms.count == 0);
    deadlines_cancel(core->deadlines, &link->due);
    lookup_remove(core->links_by_peer, &link->by_peer);
    uint64_t id = link->id;
    link_fini(link);
    slab_remove(core->links, id);
}

void peer_is_slow(core_t *core, peer_t peer)
{
    assert(core);
    core->counters.peers_slow++;
    outbox_forget(core->out, peer);
}

static void drop_slow(core_t *core, link_t *link)
{
    core->counters.links_slow++;
    outbox_forget(core->out, link_peer(link));
    link_lose(core, link);
}

/* True while a request that came over it has no answer yet. */
static bool is_owed(core_t *core, const link_t *link)
{
    return link->pages > 0 || pipeline_first(&core->pipeline, link->owed_batch);
}

/* Forgotten once all is answered and that gives back nothing that it has spent. */
static void judge_bare(core_t *core, link_t *link)
{
    if (is_owed(core, link)) {
        link_is_bare(core, link);
        return;
    }
    const core_settings_t *settings = &core->settings;
    uint32_t burst = settings->greetings_burst;
    if (settings->greetings_per_s == 0 || bucket_left(&link->greetings, settings->greetings_per_s,
                                                      burst, core->now->mono_ms) == burst) {
        core->counters.links_bare++;
        link_lose(core, link);
        return;
    }
    link_is_bare(core, link);
}

void link_is_due(core_t *core, link_t *link)
{
    assert(core && link);
    uint64_t now_ms = core->now->mono_ms;
    if (link->waiting_bytes > 0 && now_ms - link->waiting_since_ms >= UNREAD_MS) {
        drop_slow(core, link);
    } else if (now_ms >= silent_ms(core, link)) {
        core->counters.links_silent++;
        link_lose(core, link);
    } else if (is_bare(link) && now_ms - link->bare_since_ms >= BARE_MS) {
        judge_bare(core, link);
    } else {
        deadlines_set(core->deadlines, &link->due, DUE_LINK, due_ms(core, link));
    }
}

void link_is_bare(core_t *core, link_t *link)
{
    assert(core && link && is_bare(link));
    link->bare_since_ms = core->now->mono_ms;
    deadlines_set(core->deadlines, &link->due, DUE_LINK, due_ms(core, link));
}

void link_is_owed(const core_t *core, link_t *link)
{
    assert(core && link);
    link->owed_batch = core->pipeline.batch;
}

void link_waits(core_t *core, link_t *link, uint64_t bytes)
{
    assert(core && link);
    if (bytes > core->settings.link_backlog_bytes) {
        drop_slow(core, link);
        return;
    }
    /* Progress: it took some of it. */
    if (link->waiting_bytes == 0 || bytes < link->waiting_bytes)
        link->waiting_since_ms = core->now->mono_ms;
    link->waiting_bytes = bytes;
    deadlines_set(core->deadlines, &link->due, DUE_LINK, due_ms(core, link));
}
