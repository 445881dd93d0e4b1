/* Life and death of the broker, and a seed from its beginning to its end. */
#include "tests/sim/rights.h"

#include "tests/sim/audit.h"

#include <assert.h>
#include <stdlib.h>

enum {
    STEPS = 260,
    PROBE_EVERY = 40,
    FULL_MS = 1500,
    DOWN_MS = 3000,
    JUMP_MS = 60000,
    FIRST_WALL_S = 1760000000
};

/* --- life and death ------------------------------------------------------------------------------- */

static void new_link(rights_t *world, int door)
{
    world->doors[door].link = ++world->links;
}

/* What the store holds is what was so at the end of the last batch that it has. */
static void fall_back(rights_t *world)
{
    uint64_t batch = world->disk.stored;
    bool keeps = world->settings.has_store;
    model_t model = batch > 0 ? world->snapshots[batch % SNAPSHOTS] : world->base;
    if (!keeps)
        model = (model_t){
            .ids = world->model.ids, .uids = world->model.uids, .lives = world->model.lives};
    model.ids = world->model.ids;
    model.uids = world->model.uids;
    model.lives = world->model.lives;
    for (uint32_t i = world->note_count; i-- > 0;) {
        if (keeps && world->notes[i].batch <= batch)
            world->notes[i].batch = 0;
        else
            world->notes[i] = world->notes[--world->note_count];
    }
    for (int i = 0; i < GUESTS; i++) {
        guest_t *guest = &model.guests[i];
        memset(guest->said_ms, 0, sizeof guest->said_ms);
        guest->is_operator = false;
        if (guest->id)
            detach_guest(guest, world->now_ms);
    }
    for (int hall = 0; hall < HALLS; hall++) {
        const disk_log_t *log = disk_log(&world->disk, hall_text(hall));
        model.halls[hall].closed_ms = 0;
        model.halls[hall].is_stored = keeps && log && log->head > 0 && model.halls[hall].is_there;
    }
    world->model = model;
}

static void restore_step(void *context, const event_t *event)
{
    rights_t *world = context;
    moment_t now = rights_moment(world);
    core_step(world->core, event, &now, &world->out);
}

static void start(rights_t *world)
{
    moment_t now = rights_moment(world);
    world->core = core_new(&world->settings, &now);
    world->asked = NULL;
    memset(world->hall_ids, 0, sizeof world->hall_ids);
    world->settled = world->batch = 0;
    world->disk.stored = 0;
    if (world->settings.has_store) {
        disk_restore(&world->disk, restore_step, world);
        restore_step(world, &(event_t){.kind = EVENT_RESTORED, .origin = world->disk.origin});
        if (core_restored(world->core) != HUB_OK)
            violated("what was stored cannot be read back: %s",
                     err_name(core_restored(world->core)));
        audit_core(world->core, &world->settings);
    }
    model_passes(&world->model, world->now_ms, rights_wall(world));
    world->before = world->model;
    for (int hall = 0; hall < HALLS; hall++)
        rights_sync(world, hall);
    rights_perform(world);
    world->base = world->model;
    rights_turn(world);
    rights_pass(world, world->now_ms);
}

static void die(rights_t *world)
{
    trace("the broker dies");
    audit_core(world->core, &world->settings);
    core_destroy(&world->core);
    outbox_clear(&world->out);
    disk_crash(&world->disk);
    world->now_ms += (uint64_t)rights_draw(world, DOWN_MS);
    if (rights_draw(world, 3) == 0)
        world->wall_ms += (uint64_t)rights_draw(world, JUMP_MS);
    if (!world->settings.has_store) /* relies on the clock for new epochs */
        world->wall_ms += 1000 * (world->ledger.highest_epoch + 1) > rights_wall(world)
                              ? 1000 * (world->ledger.highest_epoch + 1) - rights_wall(world)
                              : 0;
    fall_back(world);
    world->job_count = world->open_count = world->pending_count = 0;
    memset(world->tries, 0, sizeof world->tries);
    world->tries_all = 0;
    world->wants_end = world->disk.is_full = false;
    for (int door = 0; door < DOORS; door++)
        new_link(world, door);
    start(world);
    rights_probe(world);
}

/* The key of a door counts no more; who comes there next has another. */
static void revoke_key(rights_t *world)
{
    door_t *door = &world->doors[rights_draw(world, DOORS)];
    char key[PEER_KEY_BYTES];
    if (world->job_count > 0 && rights_draw(world, 2) == 0)
        door = &world->doors[world->jobs[0].ask.door]; /* who waits for a hash */
    if (door->key == 0)
        return;
    trace("key %u is revoked", door->key);
    world->before = world->model;
    key_bytes(door->key, key);
    for (int i = 0; i < GUESTS; i++)
        if (world->model.guests[i].id && world->model.guests[i].key == door->key)
            end_guest(&world->model, &world->model.guests[i]);
    rights_step(world, &(event_t){.kind = EVENT_KEYS_REVOKED, .revoked = {key, sizeof key}});
    for (uint32_t i = world->open_count; i-- > 0;)
        if (world->opens[i].ask.link_key == door->key)
            world->opens[i] = world->opens[--world->open_count];
    for (uint32_t i = world->job_count; i-- > 0;)
        if (world->jobs[i].ask.link_key == door->key)
            world->jobs[i].is_void = true;
    door->key = ++world->keys;
    door->link = ++world->links;
    rights_turn(world);
}

static void strike(rights_t *world)
{
    int chance = rights_draw(world, 100);
    if (chance < 4) {
        int door = rights_draw(world, DOORS);
        uint32_t link = world->doors[door].link;
        new_link(world, door);
        rights_lose(world, link);
        rights_turn(world);
    } else if (chance < 5) {
        revoke_key(world);
    } else if (chance < 7 || world->wants_end) {
        die(world);
    } else if (chance < 9 && world->settings.has_store) {
        world->disk.is_full = !world->disk.is_full;
        trace("the disk is %s", world->disk.is_full ? "full" : "well");
    }
}

/* --- from the beginning to the end ---------------------------------------------------------------- */

static core_settings_t settings(rights_t *world)
{
    enum { AGES_MS = 3600000, RING_BYTES = 1 << 18 };
    static const char *const PUBS[] = {"tcp://*:5681"};
    static const uint32_t ACCOUNTS_MAX[] = {0, 3, ACCOUNTS, ACCOUNTS, ACCOUNTS, ACCOUNTS};
    return (core_settings_t){
        .heartbeat_ms = AGES_MS,
        .idle_ms = AGES_MS,
        .resume_ms = (uint64_t)(800 + rights_draw(world, 5000)),
        .room_keep_ms = 24 * AGES_MS,
        .links_max = 4000,
        .sessions_max = 400,
        .rooms_max = HALLS,
        .refuses_guests = rights_draw(world, 6) == 0,
        .invite_ms = rights_draw(world, 3) == 0 ? 0 : (uint64_t)(500 + rights_draw(world, 9000)),
        .accounts_max = ACCOUNTS_MAX[rights_draw(world, 6)],
        .ring_events = rights_draw(world, 2) ? 512 : 8,
        .ring_bytes = RING_BYTES,
        .rings_bytes = UINT64_C(64) * RING_BYTES,
        .link_backlog_bytes = 1 << 20,
        .pending_max = 4000,
        .has_store = rights_draw(world, 6) > 0,
        .survives_power = true,
        .pages_max = 64,
        .pub = PUBS,
        .pub_count = 1};
}

static void begin(rights_t *world, uint64_t seed)
{
    static const uint32_t PAUSES[] = {5, 40, 120, 400};
    static const uint32_t COMMITS[] = {0, 4, 30, 200};
    world->random = (random_t){~seed, ~seed};
    world->now_ms = 1000;
    world->wall_ms = FIRST_WALL_S * UINT64_C(1000);
    world->settings = settings(world);
    world->pause_ms = PAUSES[rights_draw(world, 4)];
    world->removing = NONE;
    world->snapshots = malloc(SNAPSHOTS * sizeof *world->snapshots);
    assert(world->snapshots);
    outbox_init(&world->out);
    decoder_init(&world->decoder);
    buffer_init(&world->frame, LIMIT_FRAME_BYTES);
    disk_init(&world->disk, &world->ledger, &world->random, world->settings.has_store,
              COMMITS[rights_draw(world, 4)]);
    world->doors[0] = (door_t){.is_local = true, .is_operator = true};
    world->doors[1] = (door_t){.key = ++world->keys, .is_operator = true};
    world->doors[2] = (door_t){.key = ++world->keys, .tells = true};
    world->doors[3] = (door_t){.tells = true};
    world->doors[4] = (door_t){.key = ++world->keys};
    for (int door = 0; door < DOORS; door++)
        new_link(world, door);
    moment_t now = rights_moment(world);
    world->core = core_new(&world->settings, &now);
}

static void end(rights_t *world)
{
    core_destroy(&world->core);
    outbox_fini(&world->out);
    disk_fini(&world->disk);
    ledger_fini(&world->ledger);
    decoder_fini(&world->decoder);
    buffer_fini(&world->frame);
    free(world->snapshots);
    free(world);
}

static void check_answered(rights_t *world)
{
    world->disk.is_full = false;
    rights_pass(world, world->now_ms + HASH_MS + FULL_MS);
    rights_probe(world);
    rights_turn(world);
    rights_pass(world, world->now_ms + FULL_MS);
    for (uint32_t i = 0; i < world->open_count; i++)
        if (rights_is_link(world, world->opens[i].ask.link))
            violated("request %ju (%.*s) was never answered", (uintmax_t)world->opens[i].ask.id,
                     SPAN_ARGS(command_row(world->opens[i].ask.op)->name));
    audit_core(world->core, &world->settings);
}

void rights_run(uint64_t seed, bool is_traced, uint64_t *steps, uint64_t *frames)
{
    rights_t *world = calloc(1, sizeof *world);
    assert(world && steps && frames);
    report_begin(seed, is_traced);
    begin(world, seed);
    for (int i = 1; i <= STEPS; i++) {
        rights_act(world);
        if (rights_draw(world, 4) > 0)
            rights_turn(world);
        if (rights_draw(world, 3) > 0)
            rights_pass(world,
                        world->now_ms + (uint64_t)rights_draw(world, (int)world->pause_ms + 1));
        strike(world);
        if (i % PROBE_EVERY == 0)
            rights_probe(world);
    }
    check_answered(world);
    *steps += world->steps;
    *frames += world->frames;
    end(world);
}
