#include "tests/property/broker_model.h"

#include <string.h>

const char *const ROOM_NAMES[ROOMS] = {"lobby", "tea", "den", "attic", "ops", "dev"};

/* --- the model's answers ------------------------------------------------------------------------- */

bool model_is_member(const room_t *room, unsigned person)
{
    for (unsigned i = 0; i < room->member_count; i++)
        if (room->members[i] == person)
            return true;
    return false;
}

int model_person_of_nick(const model_t *model, const char *nick)
{
    for (int i = 0; i < PEOPLE; i++)
        if (model->people[i].is_live && strcasecmp(model->people[i].nick, nick) == 0)
            return i;
    return -1;
}

/* NULL: may read it. */
const char *model_may_read(const model_t *model, unsigned person, unsigned room)
{
    const room_t *r = &model->rooms[room];
    if (!r->exists)
        return "no_such_room";
    if (!r->is_private || model_is_member(r, person))
        return NULL;
    return model->people[person].invited[room] ? "not_member" : "no_such_room";
}

static void forget_if_empty(room_t *room)
{
    if (room->member_count > 0 || room->waiting > 0 || room->count > 0)
        return;
    room->exists = false;
    room->is_private = false;
}

void model_enter(model_t *model, unsigned person, unsigned room, bool is_private)
{
    room_t *r = &model->rooms[room];
    if (!r->exists) {
        r->exists = true;
        r->is_private = is_private;
        r->published = 0;
        r->view_count = 0;
        for (unsigned i = 0; i < PEOPLE; i++)
            model->people[i].invited[room] = false;
    }
    model->people[person].invited[room] = false;
    r->members[r->member_count++] = person;
}

void model_leave(model_t *model, unsigned person, unsigned room)
{
    room_t *r = &model->rooms[room];
    unsigned kept = 0;
    for (unsigned i = 0; i < r->member_count; i++)
        if (r->members[i] != person)
            r->members[kept++] = r->members[i];
    r->member_count = kept;
    forget_if_empty(r);
}

void model_end(model_t *model, unsigned person)
{
    person_t *p = &model->people[person];
    for (unsigned room = 0; room < ROOMS; room++) {
        if (model_is_member(&model->rooms[room], person))
            model_leave(model, person, room);
        p->invited[room] = false;
    }
    p->is_live = p->is_attached = false;
    p->waiting = 0;
}

void model_expire(model_t *model)
{
    for (unsigned i = 0; i < PEOPLE; i++) {
        person_t *p = &model->people[i];
        if (p->is_live && !p->is_attached && p->gone_at <= kit_mono_ms(model->kit))
            model_end(model, i);
    }
}

void model_expect(model_t *model, due_t due)
{
    assert_true(model->due_count < MOST_SAID);
    model->due[model->due_count++] = due;
}

char model_letter(unsigned link)
{
    return (char)('A' + link);
}

/* --- the store ---------------------------------------------------------------------------------- */

void model_hold(model_t *model, held_t held)
{
    const person_t *p = &model->people[held.person];
    held.batch = model->batch;
    held.incarnation = p->incarnation;
    held.link = p->link;
    held.link_life = model->link_lives[p->link];
    assert_true(model->held_count < MOST_SAID);
    model->held[model->held_count++] = held;
    model->people[held.person].waiting++;
    if (held.what == SAY || held.what == TELL)
        model->is_open = true;
}

void model_expect_error(model_t *model, unsigned link, uint64_t id, const char *error)
{
    due_t due = {.id = id, .link = link};
    snprintf(due.error, sizeof due.error, "%s", error);
    model_expect(model, due);
}

/* A cid that was taken before: its answer again, now or when it no longer waits. */
void model_repeat(model_t *model, unsigned person, uint64_t id, unsigned cid)
{
    person_t *p = &model->people[person];
    const said_t *said = &p->cids[cid - 1];
    if (said->fate == CID_WAITS) {
        model_hold(model, (held_t){.what = REPEAT, .id = id, .person = person, .cid = cid});
        return;
    }
    due_t due = {.id = id, .link = p->link, .is_dup = true, .person = p, .cid = cid};
    if (said->fate == CID_REFUSED)
        snprintf(due.error, sizeof due.error, "%s", said->error);
    else
        due.seq = said->seq;
    model_expect(model, due);
}

void model_refuse(model_t *model, unsigned person, uint64_t id, unsigned cid, const char *error)
{
    person_t *p = &model->people[person];
    if (cid == 0) {
        model_expect_error(model, p->link, id, error);
        return;
    }
    said_t *said = &p->cids[p->cid_count++];
    *said = (said_t){.fate = CID_REFUSED};
    snprintf(said->error, sizeof said->error, "%s", error);
    if (p->waiting == 0) {
        model_expect_error(model, p->link, id, error);
        return;
    }
    said->fate = CID_WAITS;
    held_t held = {.what = REFUSAL, .id = id, .person = person, .cid = cid};
    snprintf(held.error, sizeof held.error, "%s", error);
    model_hold(model, held);
}

static person_t *still(model_t *model, unsigned person, uint64_t incarnation)
{
    person_t *p = &model->people[person];
    return p->is_live && p->incarnation == incarnation ? p : NULL;
}

static unsigned add_to_inbox(person_t *p, const char *text)
{
    snprintf(p->inbox[p->inbox_count++], TEXT_BYTES, "%s", text);
    return p->inbox_count;
}

/* Does what the store's answer does to one held thing, and returns its number. */
static uint64_t append(model_t *model, const held_t *held)
{
    if (held->what == SAY) {
        room_t *room = &model->rooms[held->room];
        snprintf(room->log[room->count++], TEXT_BYTES, "%s", held->text);
        room->waiting--;
        return room->count;
    }
    uint64_t seq = 0;
    person_t *from = still(model, held->person, held->incarnation);
    person_t *to = still(model, held->to, held->to_incarnation);
    if (from)
        seq = add_to_inbox(from, held->text);
    if (to && to != from)
        (void)add_to_inbox(to, held->text);
    return seq;
}

static void release(model_t *model, const held_t *held)
{
    person_t *p = still(model, held->person, held->incarnation);
    due_t due = {.id = held->id,
                 .link = held->link,
                 .person = p,
                 .cid = held->cid,
                 .is_dup = held->what == REPEAT};
    if (held->what == SAY || held->what == TELL)
        due.seq = append(model, held);
    said_t *said = p && held->cid ? &p->cids[held->cid - 1] : NULL;
    if (p)
        p->waiting--;
    if (said && held->what == REFUSAL) {
        said->fate = CID_REFUSED;
        snprintf(said->error, sizeof said->error, "%s", held->error);
    } else if (said && held->what != REPEAT) {
        said->fate = CID_OK;
        said->seq = due.seq;
    }
    if (held->what == REFUSAL)
        snprintf(due.error, sizeof due.error, "%s", held->error);
    else if (held->what == REPEAT && said && said->fate == CID_REFUSED)
        snprintf(due.error, sizeof due.error, "%s", said->error);
    /* Repeated by who has gone since: what it was is not in the model any more. */
    bool is_known = held->what != REPEAT || said;
    if (model->link_lives[held->link] == held->link_life && is_known)
        model_expect(model, due);
    else if (model->link_lives[held->link] == held->link_life)
        (void)kit_reply(model->kit, model_letter(held->link), held->id);
}

static void undo(model_t *model, const held_t *held)
{
    person_t *p = still(model, held->person, held->incarnation);
    if (held->what == SAY)
        model->rooms[held->room].waiting--;
    if (p)
        p->waiting--;
    if (p && held->cid && held->what != REPEAT && p->cid_count >= held->cid)
        p->cid_count = held->cid - 1;
    if (model->link_lives[held->link] == held->link_life)
        model_expect_error(model, held->link, held->id, "unavailable");
}

static void drop_held(model_t *model, unsigned count)
{
    model->held_count -= count;
    memmove(model->held, model->held + count, model->held_count * sizeof *model->held);
}

void model_turn(model_t *model)
{
    if (model->is_open)
        model->batch++;
    model->is_open = false;
}

/* The oldest batch with work for the store. */
static uint64_t oldest_batch(const model_t *model)
{
    unsigned i = 0;
    while (model->held[i].what != SAY && model->held[i].what != TELL)
        i++;
    return model->held[i].batch;
}

void model_commit(model_t *model)
{
    uint64_t batch = oldest_batch(model);
    /* What is held behind it and is no work for the store goes along. */
    uint64_t last = batch + 1 == model->batch && !model->is_open ? model->batch : batch;
    unsigned count = 0;
    while (count < model->held_count && model->held[count].batch <= last)
        release(model, &model->held[count++]);
    drop_held(model, count);
    model->commits++;
}

void model_fail(model_t *model)
{
    for (unsigned i = 0; i < model->held_count; i++)
        undo(model, &model->held[i]);
    model->held_count = 0;
    model_turn(model); /* its number is used up */
    model->failures++;
    for (unsigned room = 0; room < ROOMS; room++)
        forget_if_empty(&model->rooms[room]);
}
