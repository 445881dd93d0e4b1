/* One step of the core after another, each compared with the rules; disk, hashing and time. */
#include "tests/sim/rights.h"

#include "broker/core/state.h"

#include <assert.h>
#include <stdlib.h>

uint64_t rights_wall(const rights_t *world)
{
    return world->wall_ms + world->now_ms;
}

moment_t rights_moment(rights_t *world)
{
    moment_t now = {.mono_ms = world->now_ms, .wall_ms = rights_wall(world)};
    for (size_t i = 0; i < sizeof now.entropy; i += sizeof(uint64_t)) {
        uint64_t bits = random_next(&world->random);
        memcpy(now.entropy + i, &bits, sizeof bits);
    }
    return now;
}

static peer_t peer_of(uint32_t link, char routing[1 + sizeof(uint32_t)])
{
    routing[0] = '\0';
    memcpy(routing + 1, &link, sizeof link);
    return (peer_t){0, {routing, 1 + sizeof link}};
}

bool rights_is_link(const rights_t *world, uint32_t link)
{
    for (int i = 0; i < DOORS; i++)
        if (world->doors[i].link == link)
            return true;
    return false;
}

/* --- what can be seen only in the core ------------------------------------------------------------ */

/* Whether a room that nobody is in, and in which nothing was said, is there still hangs on what waits for the store. */
void rights_sync(rights_t *world, int hall)
{
    const room_t *room = lookup_find(world->core->rooms_by_name, hall_text(hall));
    hall_t *model = &world->model.halls[hall];
    uint64_t id = room ? room->id : 0;
    bool may_go = hall_members(&world->before, hall) == 0 ||
                  hall_members(&world->model, hall) == 0 || world->hall_ids[hall] == 0;
    bool is_gone = world->hall_ids[hall] != 0 && id != world->hall_ids[hall];
    if (is_gone && model->is_stored && world->removing != hall)
        violated("%.*s is gone with what was said there", SPAN_ARGS(hall_text(hall)));
    if (is_gone && !may_go)
        violated("%.*s is gone with who is in it", SPAN_ARGS(hall_text(hall)));
    if (id == 0 && model->is_there) {
        if (hall_members(&world->model, hall) > 0)
            violated("%.*s is not there, and somebody is in it", SPAN_ARGS(hall_text(hall)));
        forget_hall(&world->model, hall);
    }
    if (id != 0 && !model->is_there)
        violated("%.*s is there, and nobody has made it", SPAN_ARGS(hall_text(hall)));
    world->hall_ids[hall] = id;
}

/* A room that was empty for a moment within the step: it went on, or was forgotten, and perhaps made again. */
static void resolve_doubt(rights_t *world, const ask_t *ask, uint32_t doubt)
{
    guest_t *guest = guest_at(&world->model, ask->link, ask->sid);
    const session_t *session = guest ? lookup_find(world->core->identities,
                                                   nick_text((called_t){guest->nick.number, false}))
                                     : NULL;
    for (int hall = 0; hall < HALLS; hall++) {
        if (!(doubt >> hall & 1))
            continue;
        const room_t *room = lookup_find(world->core->rooms_by_name, hall_text(hall));
        bool is_same = room && room->id == world->hall_ids[hall];
        bool is_here = room && session && session_is_in(session, room->id);
        if (is_same)
            continue;
        uint32_t was_in = guest ? guest->halls : 0;
        if (guest)
            guest->said_ms[hall] = 0;
        forget_hall(&world->model, hall);
        if (guest)
            guest->halls = (was_in & ~(1U << hall)) | (uint32_t)is_here << hall;
        if (room == NULL)
            continue;
        world->model.halls[hall] = (hall_t){.is_there = true, .life = ++world->model.lives};
        if (hall != 0 && guest)
            set_stand(&world->model, &world->model.halls[hall], guest->uid, STAND_OWNER);
        world->hall_ids[hall] = 0;
    }
}

static void resolve_removal(rights_t *world, fate_t *fate)
{
    if (lookup_find(world->core->rooms_by_name, hall_text(fate->hall)) == NULL)
        return;
    fate->is_noted = fate->count > 0;
    fate->err = HUB_BUSY;
}

/* --- effects -------------------------------------------------------------------------------------- */

static void note_link_lost(rights_t *world, uint32_t link)
{
    for (int i = 0; i < GUESTS; i++)
        if (world->model.guests[i].id && world->model.guests[i].link == link)
            detach_guest(&world->model.guests[i], world->now_ms);
}

void rights_lose(rights_t *world, uint32_t link)
{
    char routing[1 + sizeof link];
    trace("link %u is gone", link);
    if (!world->is_performing)
        world->before = world->model;
    note_link_lost(world, link);
    for (uint32_t i = world->open_count; i-- > 0;)
        if (world->opens[i].ask.link == link && world->opens[i].is_decided)
            world->opens[i] = world->opens[--world->open_count];
    rights_step(world, &(event_t){.kind = EVENT_LINK_GONE, .peer = peer_of(link, routing)});
}

static void send_frame(rights_t *world, const effect_t *effect)
{
    uint32_t link;
    memcpy(&link, outbox_peer(&world->out, effect).routing.data + 1, sizeof link);
    if (rights_is_link(world, link))
        rights_sent(world, link, outbox_span(&world->out, effect->offset, effect->size));
    else
        rights_lose(world, link); /* as ROUTER would say */
}

static void close_batch(rights_t *world, uint64_t batch)
{
    world->batch = batch;
    world->snapshots[batch % SNAPSHOTS] = world->model;
    for (uint32_t i = 0; i < world->open_count; i++)
        if (world->opens[i].is_decided && world->opens[i].batch == 0)
            world->opens[i].batch = batch;
}

static void give_job(rights_t *world, const effect_t *effect)
{
    span_t password = outbox_span(&world->out, effect->offset, effect->size);
    span_t hash = outbox_span(&world->out, effect->log_offset, effect->log_size);
    if (world->asked == NULL || !world->asked->fate.waits || world->hashed++ > 0)
        violated("a password is looked at for nobody");
    assert(world->job_count < JOBS);
    job_t *job = &world->jobs[world->job_count++];
    *job = (job_t){.number = effect->seq,
                   .due_ms = world->now_ms + (uint64_t)rights_draw(world, HASH_MS),
                   .ask = world->asked->ask};
    (void)snprintf(job->password, sizeof job->password, "%.*s", SPAN_ARGS(password));
    (void)snprintf(job->hash, sizeof job->hash, "%.*s", SPAN_ARGS(hash));
    if (hash.size > 0 && hash.data[1] == 's') /* else it is nobody's */
        return;
    if (hash.size > 0)
        job->hash[0] = '-';
}

static void perform(rights_t *world, const effect_t *effect)
{
    span_t bytes = outbox_span(&world->out, effect->offset, effect->size);
    switch (effect->kind) {
    case EFFECT_SEND:
        send_frame(world, effect);
        return;
    case EFFECT_PUBLISH:
        rights_published(world, bytes);
        return;
    case EFFECT_APPEND:
        rights_appended(world, outbox_span(&world->out, effect->log_offset, effect->log_size),
                        effect->batch, effect->seq, bytes);
        break;
    case EFFECT_COMMIT:
        close_batch(world, effect->batch);
        break;
    case EFFECT_HASH:
        give_job(world, effect);
        return;
    case EFFECT_STOP:
        if (world->asked == NULL || world->asked->ask.op != OP_shutdown || world->asked->fate.err)
            violated("the broker stops, and no operator has said so");
        world->wants_end = true;
        return;
    case EFFECT_FORGET:
        return;
    case EFFECT_PUT:
    case EFFECT_NOTE:
    case EFFECT_DROP_NOTES:
    case EFFECT_ERASE:
    case EFFECT_READ:
    case EFFECT_TRIM:
        break;
    }
    (void)disk_perform(&world->disk, &world->out, effect, world->now_ms);
}

/* What a step leaves is performed before the next one, but for what a lost link brings in between. */
void rights_perform(rights_t *world)
{
    world->is_performing = true;
    for (size_t i = 0; i < world->out.count; i++) {
        effect_t effect = world->out.effects[i];
        perform(world, &effect);
    }
    outbox_clear(&world->out);
    world->is_performing = false;
}

void rights_step(rights_t *world, const event_t *event)
{
    moment_t now = rights_moment(world);
    core_step(world->core, event, &now, &world->out);
    for (int hall = 0; hall < HALLS; hall++)
        rights_sync(world, hall);
    if (!world->is_performing)
        rights_perform(world);
}

void rights_turn(rights_t *world)
{
    world->asked = NULL;
    world->before = world->model;
    rights_step(world, &(event_t){.kind = EVENT_TURN});
}

/* --- requests ------------------------------------------------------------------------------------- */

static uint32_t stored_notes(const rights_t *world)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < world->note_count; i++)
        count += world->notes[i].batch == 0;
    return count;
}

static void fill_open(rights_t *world, open_t *open)
{
    guest_t *guest = guest_at(&world->model, open->ask.link, open->ask.sid);
    bool is_coming = open->ask.op == OP_hello || open->ask.op == OP_resume;
    open->is_welcome = is_coming && guest && open->fate.err == HUB_OK && !open->fate.waits;
    if (open->is_welcome) {
        open->ask.guest = guest->id; /* whose the token is */
        guest->fresh++;
    }
    open->privates = 0;
    for (int hall = 0; guest && hall < HALLS; hall++)
        if (world->model.halls[hall].is_private && is_in(guest, hall))
            open->privates |= 1U << hall;
    open->nick = guest ? guest->nick : (called_t){NONE, false};
    open->uid = guest ? guest->uid : 0;
    open->halls = guest ? guest->halls : 0;
    if (open->ask.op == OP_history && open->ask.hall != NONE)
        open->uid = world->model.halls[open->ask.hall].life;
    if (open->ask.op == OP_audit)
        open->uid = stored_notes(world);
    open->failures = world->failures;
    open->batch = 0;
    open->is_decided = !open->fate.waits;
}

static void note_text(rights_t *world, const ask_t *ask)
{
    assert(ask->text < TEXTS);
    const guest_t *to = ask->op == OP_tell ? guest_named(&world->model, ask->nick.number) : NULL;
    const account_model_t *account =
        ask->op == OP_tell ? account_named(&world->model, ask->nick.number) : NULL;
    if (ask->text == 0)
        return;
    world->texts[ask->text].hall = ask->hall;
    world->texts[ask->text].life = ask->op == OP_say ? world->model.halls[ask->hall].life
                                   : account         ? account->uid
                                   : to              ? to->uid
                                                     : 0;
}

/* What the password's worker was not asked was too much. */
static void see_flood(rights_t *world, open_t *open)
{
    size_t hashes = 0;
    for (size_t i = 0; i < world->out.count; i++)
        hashes += world->out.effects[i].kind == EFFECT_HASH;
    if (!open->fate.waits)
        return;
    bool is_try =
        open->ask.op == OP_login || open->ask.op == OP_hello || open->ask.op == OP_password;
    if (hashes > 0) {
        world->tries[open->ask.nick.number == NONE ? 0 : open->ask.nick.number] += is_try;
        return;
    }
    if (!open->fate.may_flood && world->job_count < LIMIT_HASHES_PER_PLACE)
        violated("no password is looked at");
    open->fate.waits = false;
    open->fate.err = HUB_FLOOD;
    open->is_decided = true;
}

static void check_step(const rights_t *world, const open_t *open)
{
    bool is_ok = open->fate.err == HUB_OK && !open->fate.waits;
    if (world->said != (is_ok && open->ask.op == OP_say))
        violated("what was said is stored %u times", world->said);
    if (is_ok && open->ask.op == OP_tell && (world->told < 1 || world->told > 2))
        violated("what was told is stored %u times", world->told);
    if (world->noted != open->fate.is_noted)
        violated("what an operator did is written down %u times", world->noted);
}

/* Decides by the rules, lets the core decide, and compares. */
static void decide(rights_t *world, open_t open, const hub_err_t *hashed, const event_t *event)
{
    world->steps++;
    report_at(world->steps, world->now_ms);
    world->before = world->model;
    bool was_operator = asks_as_operator(world, &open.ask);
    note_text(world, &open.ask);
    open.fate = rules_decide(world, &open.ask, hashed);
    trace("%.*s at link %u sid %d asks %.*s %.*s %.*s id %ju%s: %s",
          SPAN_ARGS(nick_text(guest_at(&world->before, open.ask.link, open.ask.sid)
                                  ? guest_at(&world->before, open.ask.link, open.ask.sid)->nick
                                  : (called_t){NONE, false})),
          open.ask.link, open.ask.sid, SPAN_ARGS(command_row(open.ask.op)->name),
          SPAN_ARGS(open.ask.nick.number == NONE ? span_of("") : nick_text(open.ask.nick)),
          SPAN_ARGS(open.ask.hall == NONE ? span_of("") : hall_text(open.ask.hall)),
          (uintmax_t)open.ask.id, hashed ? " (hashed)" : "",
          open.fate.waits ? "waits" : err_name(open.fate.err));
    world->said = world->told = world->noted = world->hashed = 0;
    world->removing = open.ask.op == OP_room_remove ? open.ask.hall : NONE;
    moment_t now = rights_moment(world);
    core_step(world->core, event, &now, &world->out);
    resolve_doubt(world, &open.ask, open.fate.doubt);
    if (open.fate.may_be_busy)
        resolve_removal(world, &open.fate);
    for (int hall = 0; hall < HALLS; hall++)
        rights_sync(world, hall);
    see_flood(world, &open);
    if (open.fate.waits || open.fate.err != HUB_FLOOD || !open.is_decided)
        fill_open(world, &open);
    assert(world->open_count < OPENS);
    world->opens[world->open_count++] = open;
    world->asked = &open;
    rights_perform(world);
    check_step(world, &open);
    model_check(world, &open.ask, was_operator);
    world->asked = NULL;
    world->removing = NONE;
}

void rights_ask(rights_t *world, ask_t *ask)
{
    char routing[1 + sizeof(uint32_t)], key[PEER_KEY_BYTES];
    const door_t *door = &world->doors[ask->door];
    const guest_t *guest = guest_at(&world->model, door->link, ask->sid);
    ask->id = ++world->requests;
    ask->link = door->link;
    ask->link_key = door->key;
    ask->guest = guest ? guest->id : 0;
    rights_write(world, ask);
    key_bytes(door->key, key);
    event_t event = {.kind = EVENT_FRAME,
                     .peer = peer_of(door->link, routing),
                     .frame = buffer_span(&world->frame),
                     .is_local = door->is_local,
                     .is_operator = door->is_operator,
                     .peer_key = {key, door->key ? sizeof key : 0}};
    decide(world, (open_t){.ask = *ask}, NULL, &event);
}

/* --- what comes later ----------------------------------------------------------------------------- */

/* The worker is right, unless it has too much to do. */
static hub_err_t work(rights_t *world, const job_t *job, char *out_hash, size_t size)
{
    out_hash[0] = '\0';
    if (rights_draw(world, 12) == 0)
        return HUB_BUSY;
    if (job->hash[0] == '\0') {
        (void)snprintf(out_hash, size, "$s$%u$%.40s", ++world->hashes, job->password);
        return HUB_OK;
    }
    const char *password = job->hash[0] == '$' ? strrchr(job->hash, '$') + 1 : "";
    return strcmp(password, job->password) == 0 ? HUB_OK : HUB_DENIED;
}

static void finish_job(rights_t *world, uint32_t place)
{
    job_t job = world->jobs[place];
    char hash[64];
    world->jobs[place] = world->jobs[--world->job_count];
    hub_err_t err = work(world, &job, hash, sizeof hash);
    if (err == HUB_DENIED)
        world->tries_all++;
    open_t open = {.ask = job.ask};
    if (job.is_void) { /* nobody may do anything under that key any more */
        world->asked = NULL;
        world->before = world->model;
        rights_step(world, &(event_t){.kind = EVENT_HASHED,
                                      .number = job.number,
                                      .hashed = err,
                                      .value = span_of(hash)});
        return;
    }
    for (uint32_t i = world->open_count; i-- > 0;)
        if (world->opens[i].ask.id == job.ask.id)
            world->opens[i] = world->opens[--world->open_count];
    decide(world, open, &err,
           &(event_t){
               .kind = EVENT_HASHED, .number = job.number, .hashed = err, .value = span_of(hash)});
    if (!rights_is_link(world, job.ask.link))
        for (uint32_t i = world->open_count; i-- > 0;)
            if (world->opens[i].ask.id == job.ask.id)
                world->opens[i] = world->opens[--world->open_count];
}

static void settle(rights_t *world, const event_t *event)
{
    bool is_stored = event->kind == EVENT_COMMITTED;
    world->failures += !is_stored;
    world->settled = event->batch;
    for (uint32_t i = world->pending_count; i-- > 0;) {
        uint32_t hall = world->pending[i].hall;
        if (is_stored && world->pending[i].batch > event->batch)
            continue;
        if (is_stored && world->model.halls[hall].life == world->pending[i].life)
            world->model.halls[hall].is_stored = true;
        world->pending[i] = world->pending[--world->pending_count];
    }
    for (uint32_t i = world->note_count; i-- > 0;) {
        if (world->notes[i].batch == 0 || (is_stored && world->notes[i].batch > event->batch))
            continue;
        if (is_stored)
            world->notes[i].batch = 0;
        else
            world->notes[i] = world->notes[--world->note_count];
    }
}

static void answer_of_disk(rights_t *world)
{
    event_t event;
    rights_turn(world);
    while (disk_answer(&world->disk, world->now_ms, &event)) {
        world->before = world->model;
        if (event.kind == EVENT_COMMITTED || event.kind == EVENT_APPEND_FAILED)
            settle(world, &event);
        world->asked = NULL;
        rights_step(world, &event);
    }
}

static uint32_t first_job(const rights_t *world)
{
    uint32_t first = 0;
    for (uint32_t i = 1; i < world->job_count; i++)
        if (world->jobs[i].due_ms < world->jobs[first].due_ms)
            first = i;
    return first;
}

static void tick(rights_t *world)
{
    world->asked = NULL;
    world->before = world->model;
    model_passes(&world->model, world->now_ms, rights_wall(world));
    rights_step(world, &(event_t){.kind = EVENT_TICK});
}

static uint64_t at_least(uint64_t number, uint64_t floor)
{
    return number > floor ? number : floor;
}

/* All that is due until then, in order. */
void rights_pass(rights_t *world, uint64_t until_ms)
{
    for (;;) {
        uint64_t core_ms = core_next_ms(world->core), disk_ms = UINT64_MAX, job_ms = UINT64_MAX;
        if (world->disk.answer_count > 0)
            disk_ms = world->disk.answers[0].due_ms;
        if (world->job_count > 0)
            job_ms = world->jobs[first_job(world)].due_ms;
        uint64_t next_ms = core_ms < disk_ms ? core_ms : disk_ms;
        next_ms = job_ms < next_ms ? job_ms : next_ms;
        if (next_ms > until_ms)
            break;
        world->now_ms = at_least(next_ms, world->now_ms);
        report_at(world->steps, world->now_ms);
        if (core_ms == next_ms)
            tick(world);
        else if (disk_ms == next_ms)
            answer_of_disk(world);
        else
            finish_job(world, first_job(world));
        rights_turn(world);
    }
    world->now_ms = until_ms;
}
