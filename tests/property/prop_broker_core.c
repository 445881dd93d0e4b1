/* The core against a naive model of itself: people on several links join, leave, speak, rename, lose
 * links and resume, while a slow store commits and fails batches at random.
 *
 * The model keeps lists and searches them. It predicts every answer, and every message in its order;
 * presence is checked by applying the events to a list that has to equal `who`. */
#include "tests/unit/broker_kit.h"

#include "tests/property/random.h"

#include <inttypes.h>

enum {
    PEOPLE = 30,
    ROOMS = 6,
    LINKS = 6,
    NICKS = 40,
    MOST_SAID = 6000,
    MOST_CIDS = 900, /* below the window: the model forgets nothing */
    TEXT_BYTES = 24,
    NAME = 40,
};

static const char *const ROOM_NAMES[ROOMS] = {"lobby", "tea", "den", "attic", "ops", "dev"};

typedef enum { CID_WAITS, CID_OK, CID_REFUSED } fate_t;

typedef struct {
    fate_t fate;
    uint64_t seq, at;
    char error[NAME];
} said_t; /* what became of a cid */

typedef struct {
    bool is_live, is_attached, invited[ROOMS];
    unsigned link, waiting;
    uint64_t incarnation, gone_at; /* gone_at: when detached */
    char nick[NAME], uid[NAME];
    said_t cids[MOST_CIDS];
    unsigned cid_count;
    char (*inbox)[TEXT_BYTES];
    unsigned inbox_count, inbox_seen;
} person_t;

typedef struct {
    char uid[NAME], nick[NAME], state[NAME], status[160];
} seen_t; /* a member as the events tell */

typedef struct {
    bool exists, is_private;
    unsigned members[PEOPLE], member_count; /* in the order of joining */
    unsigned waiting;                       /* messages */
    uint64_t epoch, pseq;
    char (*log)[TEXT_BYTES]; /* committed */
    unsigned count, published;
    seen_t view[PEOPLE];
    unsigned view_count;
} room_t;

typedef enum { SAY, TELL, REFUSAL, REPEAT } what_t;

/* Something held for the store, as the model sees it. */
typedef struct {
    what_t what;
    uint64_t batch, id, incarnation, to_incarnation;
    unsigned person, to, room, link;
    uint64_t link_life;
    unsigned cid;
    char text[TEXT_BYTES], error[NAME];
} held_t;

/* An answer that has to come with the frames of the next step. */
typedef struct {
    uint64_t id;
    unsigned link;
    bool is_dup;
    char error[NAME]; /* "": ok */
    uint64_t seq;     /* 0: not looked at */
    person_t *person; /* whose cid is settled by it; NULL: nobody's */
    unsigned cid;
} due_t;

typedef struct {
    kit_t *kit;
    random_t random;
    person_t people[PEOPLE];
    room_t rooms[ROOMS];
    held_t held[MOST_SAID];
    unsigned held_count;
    due_t due[MOST_SAID];
    unsigned due_count;
    uint64_t batch, link_lives[LINKS], incarnations;
    bool is_open;
    unsigned said, commits, failures, messages, privates, changes;
} model_t;

/* --- the model's answers ------------------------------------------------------------------------- */

static bool is_member(const room_t *room, unsigned person)
{
    for (unsigned i = 0; i < room->member_count; i++)
        if (room->members[i] == person)
            return true;
    return false;
}

static int person_of_nick(const model_t *model, const char *nick)
{
    for (int i = 0; i < PEOPLE; i++)
        if (model->people[i].is_live && strcasecmp(model->people[i].nick, nick) == 0)
            return i;
    return -1;
}

/* NULL: may read it. */
static const char *may_read(const model_t *model, unsigned person, unsigned room)
{
    const room_t *r = &model->rooms[room];
    if (!r->exists)
        return "no_such_room";
    if (!r->is_private || is_member(r, person))
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

static void enter(model_t *model, unsigned person, unsigned room, bool is_private)
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

static void leave(model_t *model, unsigned person, unsigned room)
{
    room_t *r = &model->rooms[room];
    unsigned kept = 0;
    for (unsigned i = 0; i < r->member_count; i++)
        if (r->members[i] != person)
            r->members[kept++] = r->members[i];
    r->member_count = kept;
    forget_if_empty(r);
}

static void end(model_t *model, unsigned person)
{
    person_t *p = &model->people[person];
    for (unsigned room = 0; room < ROOMS; room++) {
        if (is_member(&model->rooms[room], person))
            leave(model, person, room);
        p->invited[room] = false;
    }
    p->is_live = p->is_attached = false;
    p->waiting = 0;
}

static void expire(model_t *model)
{
    for (unsigned i = 0; i < PEOPLE; i++) {
        person_t *p = &model->people[i];
        if (p->is_live && !p->is_attached && p->gone_at <= kit_mono_ms(model->kit))
            end(model, i);
    }
}

/* --- what comes ------------------------------------------------------------------------------------ */

static void expect(model_t *model, due_t due)
{
    assert_true(model->due_count < MOST_SAID);
    model->due[model->due_count++] = due;
}

static void check_answer(model_t *model, const frame_t *frame)
{
    uint64_t id = frame_uint(frame, "re");
    unsigned i = 0;
    while (i < model->due_count &&
           (model->due[i].id != id || model->due[i].link != (unsigned)(frame->link - 'A')))
        i++;
    if (i == model->due_count)
        frame_assert(frame, "no answer now", __FILE__, __LINE__);
    due_t due = model->due[i];
    model->due[i] = model->due[--model->due_count];
    const char *error = frame_get(frame, "error");
    if (strcmp(error ? error : "", due.error) != 0)
        frame_assert(frame, due.error[0] ? due.error : "ok", __FILE__, __LINE__);
    assert_int_equal(frame_get(frame, "dup") != NULL, due.is_dup);
    if (due.seq > 0)
        assert_int_equal(frame_uint(frame, "seq"), due.seq);
    if (due.person == NULL || due.cid == 0)
        return;
    said_t *said = &due.person->cids[due.cid - 1];
    if (error == NULL && said->at > 0)
        assert_int_equal(frame_uint(frame, "at"), said->at);
    else if (error == NULL) /* also where the first answer was lost with its link */
        said->at = frame_uint(frame, "at");
}

static unsigned room_of(const frame_t *frame)
{
    unsigned room = 0;
    while (strcmp(frame_get(frame, "room"), ROOM_NAMES[room]) != 0)
        room++;
    return room;
}

static bool link_has_member(const model_t *model, unsigned link, const room_t *room)
{
    for (unsigned i = 0; i < room->member_count; i++) {
        const person_t *p = &model->people[room->members[i]];
        if (p->is_attached && p->link == link)
            return true;
    }
    return false;
}

static void check_message(model_t *model, const frame_t *frame, room_t *room)
{
    uint64_t seq = frame_uint(frame, "seq");
    model->messages++;
    if (room->is_private) { /* each link gets it; the log says which there are */
        assert_true(seq >= 1 && seq <= room->count);
    } else {
        assert_int_equal(seq, room->published + 1);
        room->published++;
    }
    assert_int_equal(frame_uint(frame, "epoch"), room->epoch);
    assert_string_equal(frame_get(frame, "text"), room->log[seq - 1]);
}

static seen_t *seen_of(room_t *room, const char *uid)
{
    for (unsigned i = 0; i < room->view_count; i++)
        if (strcmp(room->view[i].uid, uid) == 0)
            return &room->view[i];
    return NULL;
}

static const char *get(const frame_t *frame, const char *list, unsigned place, const char *key)
{
    char path[64];
    snprintf(path, sizeof path, "%s.%u.%s", list, place, key);
    return frame_get(frame, path);
}

static void apply_change(model_t *model, room_t *room, const frame_t *frame, unsigned place)
{
    const char *uid = get(frame, "changes", place, "uid");
    seen_t *seen = seen_of(room, uid);
    model->changes++;
    if (strcmp(get(frame, "changes", place, "state"), "gone") == 0) {
        if (seen)
            *seen = room->view[--room->view_count];
        return;
    }
    if (seen == NULL) {
        assert_true(room->view_count < PEOPLE);
        seen = &room->view[room->view_count++];
        *seen = (seen_t){0};
        snprintf(seen->uid, sizeof seen->uid, "%s", uid);
    }
    snprintf(seen->nick, sizeof seen->nick, "%s", get(frame, "changes", place, "nick"));
    snprintf(seen->state, sizeof seen->state, "%s", get(frame, "changes", place, "state"));
    const char *status = get(frame, "changes", place, "status");
    if (status)
        snprintf(seen->status, sizeof seen->status, "%s", status);
}

static void check_presence(model_t *model, const frame_t *frame, room_t *room)
{
    uint64_t pseq = frame_uint(frame, "pseq");
    if (room->is_private)
        return; /* each link gets it */
    assert_true(pseq > room->pseq);
    room->pseq = pseq;
    uint64_t count = frame_uint(frame, "changes.#");
    for (unsigned i = 0; i < count; i++)
        apply_change(model, room, frame, i);
    assert_int_equal(room->view_count, frame_uint(frame, "count"));
}

static void check_private(model_t *model, const frame_t *frame)
{
    const char *sid = frame_get(frame, "sid");
    unsigned person = sid ? (unsigned)strtoul(sid, NULL, 10) : 0;
    person_t *p = &model->people[person];
    model->privates++;
    assert_true(p->is_attached && p->link == (unsigned)(frame->link - 'A'));
    uint64_t seq = frame_uint(frame, "seq");
    assert_true(seq > p->inbox_seen && seq <= p->inbox_count);
    p->inbox_seen = (unsigned)seq;
    assert_string_equal(frame_get(frame, "text"), p->inbox[seq - 1]);
}

static void check_event(model_t *model, const frame_t *frame)
{
    const char *ev = frame_get(frame, "ev");
    if (strcmp(ev, "private") == 0) {
        check_private(model, frame);
        return;
    }
    if (strcmp(ev, "kicked") == 0 || strcmp(frame_get(frame, "room"), "@") == 0)
        return;
    room_t *room = &model->rooms[room_of(frame)];
    if (frame->link != PUB) {
        assert_true(room->is_private);
        assert_true(link_has_member(model, (unsigned)(frame->link - 'A'), room));
    } else {
        assert_false(room->is_private);
    }
    if (strcmp(ev, "message") == 0)
        check_message(model, frame, room);
    else if (strcmp(ev, "presence") == 0)
        check_presence(model, frame, room);
}

/* Looks at all that came; every answer that was due has to be among it. */
static void drain(model_t *model)
{
    const frame_t *frame;
    while ((frame = kit_next(model->kit))) {
        if (frame_get(frame, "re"))
            check_answer(model, frame);
        else
            check_event(model, frame);
    }
    if (model->due_count > 0)
        fail_msg("id %" PRIu64 " over %c was not answered", model->due[0].id,
                 (char)('A' + model->due[0].link));
    kit_forget(model->kit);
}

/* --- requests -------------------------------------------------------------------------------------- */

static char letter(unsigned link)
{
    return (char)('A' + link);
}

/* Sends a request of somebody and expects that answer at once; NULL: ok. */
static void ask(model_t *model, unsigned person, const char *error, const char *request)
{
    char text[256];
    unsigned link = model->people[person].link;
    snprintf(text, sizeof text, "%s sid=%u", request, person);
    due_t due = {.id = kit_send(model->kit, letter(link), text), .link = link};
    snprintf(due.error, sizeof due.error, "%s", error ? error : "");
    expect(model, due);
}

static void random_nick(model_t *model, char *out_nick)
{
    unsigned number = random_below(&model->random, NICKS);
    snprintf(out_nick, NAME, "%s%u", random_below(&model->random, 2) ? "nick" : "NICK", number);
}

/* Takes what the welcome tells and the model cannot know. */
static void take_welcome(model_t *model, unsigned person, const frame_t *welcome)
{
    person_t *p = &model->people[person];
    char path[64];
    kit_save(model->kit, (char)('0' + person), welcome, "token");
    snprintf(p->uid, sizeof p->uid, "%s", frame_get(welcome, "uid"));
    assert_string_equal(frame_get(welcome, "nick"), p->nick);
    assert_int_equal(frame_uint(welcome, "cid"), p->cid_count);
    for (unsigned room = 0; room < ROOMS; room++) {
        room_t *r = &model->rooms[room];
        snprintf(path, sizeof path, "heads.%s.0", ROOM_NAMES[room]);
        assert_int_equal(frame_get(welcome, path) != NULL, is_member(r, person));
        if (frame_get(welcome, path) == NULL)
            continue;
        if (r->epoch != frame_uint(welcome, path))
            assert_true(frame_uint(welcome, path) > r->epoch && r->count == 0);
        r->epoch = frame_uint(welcome, path);
        snprintf(path, sizeof path, "heads.%s.1", ROOM_NAMES[room]);
        assert_int_equal(frame_uint(welcome, path), r->count);
    }
}

static void hello(model_t *model, unsigned person)
{
    person_t *p = &model->people[person];
    char nick[NAME], request[256], rooms[128] = "";
    unsigned link = random_below(&model->random, LINKS), joins[ROOMS], join_count = 0;
    random_nick(model, nick);
    for (unsigned room = 0; room < ROOMS; room++)
        if (random_below(&model->random, 3) == 0) {
            snprintf(rooms + strlen(rooms), sizeof rooms - strlen(rooms), "%s%s",
                     join_count ? "," : "", ROOM_NAMES[room]);
            joins[join_count++] = room;
        }
    snprintf(request, sizeof request, "hello nick=%s sid=%u join=%s", nick, person, rooms);
    bool is_taken = person_of_nick(model, nick) >= 0;
    uint64_t id = kit_send(model->kit, letter(link), request);
    const frame_t *reply = kit_reply(model->kit, letter(link), id);
    if (is_taken) {
        ASSERT_HAS(reply, "error=nick_taken");
        return;
    }
    ASSERT_HAS(reply, "ok=true");
    free(p->inbox);
    *p = (person_t){.is_live = true,
                    .is_attached = true,
                    .link = link,
                    .incarnation = ++model->incarnations,
                    .inbox = calloc(MOST_SAID, TEXT_BYTES)};
    assert_non_null(p->inbox);
    snprintf(p->nick, sizeof p->nick, "%s", nick);
    for (unsigned i = 0; i < join_count; i++)
        if (!model->rooms[joins[i]].exists || !model->rooms[joins[i]].is_private)
            enter(model, person, joins[i], false);
    take_welcome(model, person, reply);
}

static void resume(model_t *model, unsigned person)
{
    person_t *p = &model->people[person];
    char request[64];
    unsigned link = random_below(&model->random, LINKS);
    snprintf(request, sizeof request, "resume sid=%u token=$%c", person, (char)('0' + person));
    uint64_t id = kit_send(model->kit, letter(link), request);
    const frame_t *reply = kit_reply(model->kit, letter(link), id);
    ASSERT_HAS(reply, "ok=true");
    p->is_attached = true;
    p->link = link;
    take_welcome(model, person, reply);
}

static void join(model_t *model, unsigned person)
{
    unsigned room = random_below(&model->random, ROOMS);
    room_t *r = &model->rooms[room];
    bool wants_private = random_below(&model->random, 3) == 0;
    char request[64], path[64];
    snprintf(request, sizeof request, "join room=%s private=%s sid=%u", ROOM_NAMES[room],
             wants_private ? "true" : "false", person);
    const char *error = NULL;
    if (r->exists && may_read(model, person, room) &&
        strcmp(may_read(model, person, room), "no_such_room") == 0)
        error = "no_such_room";
    else if (r->exists && wants_private && !r->is_private)
        error = "exists";
    char link = letter(model->people[person].link);
    const frame_t *reply = kit_reply(model->kit, link, kit_send(model->kit, link, request));
    if (error) {
        assert_string_equal(frame_get(reply, "error"), error);
        return;
    }
    ASSERT_HAS(reply, "ok=true");
    bool is_new = !r->exists;
    if (!is_member(r, person))
        enter(model, person, room, wants_private);
    assert_int_equal(frame_uint(reply, "count"), r->member_count);
    snprintf(path, sizeof path, "heads.%s.0", ROOM_NAMES[room]);
    if (is_new)
        assert_true(frame_uint(reply, path) > r->epoch);
    else
        assert_int_equal(frame_uint(reply, path), r->epoch);
    r->epoch = frame_uint(reply, path);
    snprintf(path, sizeof path, "heads.%s.1", ROOM_NAMES[room]);
    assert_int_equal(frame_uint(reply, path), r->count);
}

static void part(model_t *model, unsigned person)
{
    unsigned room = random_below(&model->random, ROOMS);
    char request[64];
    snprintf(request, sizeof request, "part room=%s", ROOM_NAMES[room]);
    const char *error = may_read(model, person, room);
    if (error == NULL && !is_member(&model->rooms[room], person))
        error = "not_member";
    ask(model, person, error, request);
    drain(model); /* events of its going are told before the model forgets the room */
    if (error == NULL)
        leave(model, person, room);
}

static void invite(model_t *model, unsigned person)
{
    unsigned room = random_below(&model->random, ROOMS);
    char request[128], nick[NAME];
    random_nick(model, nick);
    int guest = person_of_nick(model, nick);
    snprintf(request, sizeof request, "invite room=%s nick=%s", ROOM_NAMES[room], nick);
    const char *error = may_read(model, person, room);
    if (error == NULL && !is_member(&model->rooms[room], person))
        error = "not_member";
    else if (error == NULL && !model->rooms[room].is_private)
        error = "bad_request";
    else if (error == NULL && guest < 0)
        error = "no_such_nick";
    else if (error == NULL && is_member(&model->rooms[room], (unsigned)guest))
        error = "exists";
    ask(model, person, error, request);
    if (error == NULL)
        model->people[guest].invited[room] = true;
}

static void rename_to(model_t *model, unsigned person)
{
    char request[64], nick[NAME];
    random_nick(model, nick);
    int owner = person_of_nick(model, nick);
    snprintf(request, sizeof request, "nick nick=%s", nick);
    bool is_taken = owner >= 0 && owner != (int)person;
    ask(model, person, is_taken ? "nick_taken" : NULL, request);
    if (!is_taken)
        snprintf(model->people[person].nick, NAME, "%s", nick);
}

static void set_status(model_t *model, unsigned person)
{
    char request[64];
    unsigned number = random_below(&model->random, 4);
    snprintf(request, sizeof request, number ? "status status=s%u" : "status status=''", number);
    ask(model, person, NULL, request);
}

static void bye(model_t *model, unsigned person)
{
    ask(model, person, NULL, "bye");
    drain(model);
    end(model, person);
}

/* --- speaking, and the store ----------------------------------------------------------------------- */

static void hold(model_t *model, held_t held)
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

/* A cid to send with: mostly the next, sometimes one again, sometimes one too far; 0: none. */
static unsigned choose_cid(model_t *model, const person_t *p)
{
    unsigned dice = random_below(&model->random, 100);
    if (dice < 30 || p->cid_count == MOST_CIDS)
        return 0;
    if (dice < 80 || (dice < 95 && p->cid_count == 0))
        return p->cid_count + 1;
    if (dice < 95)
        return 1 + random_below(&model->random, p->cid_count);
    return p->cid_count + 2 + random_below(&model->random, 3);
}

static void expect_error(model_t *model, unsigned link, uint64_t id, const char *error)
{
    due_t due = {.id = id, .link = link};
    snprintf(due.error, sizeof due.error, "%s", error);
    expect(model, due);
}

/* A cid that was taken before: its answer again, now or when it no longer waits. */
static void repeat(model_t *model, unsigned person, uint64_t id, unsigned cid)
{
    person_t *p = &model->people[person];
    const said_t *said = &p->cids[cid - 1];
    if (said->fate == CID_WAITS) {
        hold(model, (held_t){.what = REPEAT, .id = id, .person = person, .cid = cid});
        return;
    }
    due_t due = {.id = id, .link = p->link, .is_dup = true, .person = p, .cid = cid};
    if (said->fate == CID_REFUSED)
        snprintf(due.error, sizeof due.error, "%s", said->error);
    else
        due.seq = said->seq;
    expect(model, due);
}

static void refuse(model_t *model, unsigned person, uint64_t id, unsigned cid, const char *error)
{
    person_t *p = &model->people[person];
    if (cid == 0) {
        expect_error(model, p->link, id, error);
        return;
    }
    said_t *said = &p->cids[p->cid_count++];
    *said = (said_t){.fate = CID_REFUSED};
    snprintf(said->error, sizeof said->error, "%s", error);
    if (p->waiting == 0) {
        expect_error(model, p->link, id, error);
        return;
    }
    said->fate = CID_WAITS;
    held_t held = {.what = REFUSAL, .id = id, .person = person, .cid = cid};
    snprintf(held.error, sizeof held.error, "%s", error);
    hold(model, held);
}

static void speak(model_t *model, unsigned person)
{
    person_t *p = &model->people[person];
    bool tells = random_below(&model->random, 3) == 0;
    held_t held = {.what = tells ? TELL : SAY, .person = person};
    char request[256], nick[NAME];
    const char *error = NULL;
    unsigned cid = choose_cid(model, p);
    snprintf(held.text, sizeof held.text, "text-%u", ++model->said);
    if (tells) {
        random_nick(model, nick);
        int to = person_of_nick(model, nick);
        snprintf(request, sizeof request, "tell to=%s text=%s sid=%u", nick, held.text, person);
        if (to < 0)
            error = "no_such_nick";
        else
            held.to = (unsigned)to;
    } else {
        held.room = random_below(&model->random, ROOMS);
        snprintf(request, sizeof request, "say room=%s text=%s sid=%u", ROOM_NAMES[held.room],
                 held.text, person);
        error = may_read(model, person, held.room);
        if (error == NULL && !is_member(&model->rooms[held.room], person))
            error = "not_member";
    }
    if (cid > 0)
        snprintf(request + strlen(request), sizeof request - strlen(request), " cid=%u", cid);
    held.id = kit_send(model->kit, letter(p->link), request);
    held.cid = cid;
    if (cid > p->cid_count + 1) {
        expect_error(model, p->link, held.id, "out_of_order");
    } else if (cid > 0 && cid <= p->cid_count) {
        repeat(model, person, held.id, cid);
    } else if (error) {
        refuse(model, person, held.id, cid, error);
    } else {
        if (cid > 0)
            p->cids[p->cid_count++] = (said_t){.fate = CID_WAITS};
        held.to_incarnation = model->people[held.to].incarnation;
        hold(model, held);
        if (!tells)
            model->rooms[held.room].waiting++;
    }
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
        expect(model, due);
    else if (model->link_lives[held->link] == held->link_life)
        (void)kit_reply(model->kit, letter(held->link), held->id);
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
        expect_error(model, held->link, held->id, "unavailable");
}

/* A turn may end without work for the store: then its number goes on. */
static void turn(model_t *model)
{
    kit_turn(model->kit);
    if (model->is_open)
        model->batch++;
    model->is_open = false;
}

static void drop_held(model_t *model, unsigned count)
{
    model->held_count -= count;
    memmove(model->held, model->held + count, model->held_count * sizeof *model->held);
}

static void commit(model_t *model)
{
    uint64_t batch = model->held[0].batch;
    for (unsigned i = 0; i < model->held_count; i++) /* the oldest with work in it */
        if (model->held[i].what == SAY || model->held[i].what == TELL) {
            batch = model->held[i].batch;
            break;
        }
    uint64_t last = batch + 1 == model->batch && !model->is_open ? model->batch : batch;
    unsigned count = 0;
    kit_commit(model->kit);
    while (count < model->held_count && model->held[count].batch <= last)
        release(model, &model->held[count++]);
    drop_held(model, count);
    model->commits++;
    drain(model);
}

static void fail_batch(model_t *model)
{
    kit_fail(model->kit);
    for (unsigned i = 0; i < model->held_count; i++)
        undo(model, &model->held[i]);
    model->held_count = 0;
    if (model->is_open)
        model->batch++;
    model->is_open = false;
    model->failures++;
    drain(model);
    kit_pass(model->kit, 0);
    drain(model);
    for (unsigned room = 0; room < ROOMS; room++)
        forget_if_empty(&model->rooms[room]);
}

static void pass(model_t *model, uint64_t ms)
{
    turn(model);
    drain(model);
    kit_pass(model->kit, ms);
    drain(model);
    expire(model);
}

static void lose(model_t *model, unsigned link)
{
    kit_lose(model->kit, letter(link));
    drain(model);
    model->link_lives[link]++;
    for (unsigned i = 0; i < PEOPLE; i++) {
        person_t *p = &model->people[i];
        if (p->is_attached && p->link == link) {
            p->is_attached = false;
            p->gone_at = kit_mono_ms(model->kit) + 30000;
        }
    }
}

/* --- looking at all of it ---------------------------------------------------------------------------- */

static void check_who(model_t *model, char link, unsigned asker, unsigned room)
{
    room_t *r = &model->rooms[room];
    char request[128];
    snprintf(request, sizeof request, "who room=%s sid=%u", ROOM_NAMES[room], asker);
    const frame_t *who = kit_reply(model->kit, link, kit_send(model->kit, link, request));
    assert_int_equal(frame_uint(who, "count"), r->member_count);
    assert_int_equal(frame_uint(who, "members.#"), r->member_count);
    drain(model); /* presence, which the core has told before */
    if (!r->is_private)
        assert_int_equal(r->view_count, r->member_count);
}

static void check_members(model_t *model, char link, unsigned asker, unsigned room)
{
    room_t *r = &model->rooms[room];
    char request[128];
    snprintf(request, sizeof request, "who room=%s sid=%u", ROOM_NAMES[room], asker);
    const frame_t *who = kit_reply(model->kit, link, kit_send(model->kit, link, request));
    for (unsigned i = 0; i < r->member_count; i++) {
        const person_t *p = &model->people[r->members[i]];
        assert_string_equal(get(who, "members", i, "nick"), p->nick);
        assert_string_equal(get(who, "members", i, "uid"), p->uid);
        bool is_detached = strcmp(get(who, "members", i, "state"), "detached") == 0;
        assert_int_equal(is_detached, !p->is_attached);
        const seen_t *seen = seen_of(r, p->uid);
        if (r->is_private)
            continue;
        assert_non_null(seen);
        assert_string_equal(seen->nick, p->nick);
        assert_string_equal(seen->state, get(who, "members", i, "state"));
        const char *status = get(who, "members", i, "status");
        assert_string_equal(seen->status, status ? status : "");
    }
}

/* Replays a whole log page by page. */
static void check_log(model_t *model, char link, unsigned asker, const char *room,
                      char (*log)[TEXT_BYTES], unsigned count)
{
    char request[128];
    unsigned first = 1;
    bool has_more = true;
    while (has_more) {
        snprintf(request, sizeof request, "replay room=%s first=%u last=%u sid=%u", room, first,
                 count + 10, asker);
        const frame_t *page = kit_reply(model->kit, link, kit_send(model->kit, link, request));
        ASSERT_HAS(page, "ok=true !lost oldest=1");
        assert_int_equal(frame_uint(page, "head"), count);
        unsigned events = (unsigned)frame_uint(page, "events.#");
        for (unsigned i = 0; i < events; i++, first++)
            assert_string_equal(get(page, "events", i, "text"), log[first - 1]);
        has_more = frame_has(page, "more=true");
    }
    assert_int_equal(first, count + 1);
}

static void check_rooms(model_t *model, char link, unsigned asker)
{
    char request[128];
    unsigned visible = 0;
    snprintf(request, sizeof request, "rooms sid=%u", asker);
    for (unsigned room = 0; room < ROOMS; room++) {
        const room_t *r = &model->rooms[room];
        visible += r->exists && (!r->is_private || is_member(r, asker));
    }
    const frame_t *rooms = kit_reply(model->kit, link, kit_send(model->kit, link, request));
    assert_int_equal(frame_uint(rooms, "rooms.#"), visible);
}

static void check_heads(model_t *model, char link, unsigned asker)
{
    char request[128], path[64];
    snprintf(request, sizeof request, "ping sid=%u", asker);
    const frame_t *ping = kit_reply(model->kit, link, kit_send(model->kit, link, request));
    assert_int_equal(frame_uint(ping, "heads.@.1"), model->people[asker].inbox_count);
    for (unsigned room = 0; room < ROOMS; room++) {
        const room_t *r = &model->rooms[room];
        if (!is_member(r, asker))
            continue;
        snprintf(path, sizeof path, "heads.%s", ROOM_NAMES[room]);
        if (frame_get(ping, path) == NULL)
            continue; /* it has not moved */
        snprintf(path, sizeof path, "heads.%s.0", ROOM_NAMES[room]);
        assert_int_equal(frame_uint(ping, path), r->epoch);
        snprintf(path, sizeof path, "heads.%s.1", ROOM_NAMES[room]);
        assert_int_equal(frame_uint(ping, path), r->count);
        snprintf(path, sizeof path, "heads.%s.2", ROOM_NAMES[room]);
        if (!r->is_private)
            assert_int_equal(frame_uint(ping, path), r->pseq);
    }
}

static void check_all(model_t *model)
{
    turn(model);
    while (kit_held(model->kit) > 0)
        commit(model);
    assert_int_equal(model->held_count, 0);
    pass(model, 60);
    for (unsigned i = 0; i < PEOPLE; i++) {
        const person_t *p = &model->people[i];
        if (!p->is_attached)
            continue;
        char link = letter(p->link);
        check_log(model, link, i, "@", p->inbox, p->inbox_count);
        check_rooms(model, link, i);
        for (unsigned room = 0; room < ROOMS; room++) {
            room_t *r = &model->rooms[room];
            if (may_read(model, i, room))
                continue;
            check_who(model, link, i, room);
            check_members(model, link, i, room);
            check_log(model, link, i, ROOM_NAMES[room], r->log, r->count);
            if (!r->is_private)
                assert_int_equal(r->published, r->count);
        }
        check_heads(model, link, i);
    }
    for (unsigned room = 0; room < ROOMS; room++)
        if (!model->rooms[room].exists)
            assert_int_equal(model->rooms[room].view_count, 0);
}

/* --- random steps -------------------------------------------------------------------------------------- */

static void act(model_t *model)
{
    unsigned person = random_below(&model->random, PEOPLE);
    person_t *p = &model->people[person];
    unsigned dice = random_below(&model->random, 100);
    if (!p->is_live) {
        hello(model, person);
        return;
    }
    if (!p->is_attached || dice < 3) {
        resume(model, person);
        return;
    }
    if (dice < 60)
        speak(model, person);
    else if (dice < 70)
        join(model, person);
    else if (dice < 77)
        part(model, person);
    else if (dice < 83)
        invite(model, person);
    else if (dice < 89)
        rename_to(model, person);
    else if (dice < 95)
        set_status(model, person);
    else if (dice < 98)
        ask(model, person, NULL, "rooms");
    else
        bye(model, person);
}

static void step(model_t *model)
{
    unsigned dice = random_below(&model->random, 1000);
    if (dice < 800)
        act(model);
    else if (dice < 900)
        turn(model);
    else if (dice < 950 && kit_held(model->kit) > 0)
        commit(model);
    else if (dice < 960 && kit_held(model->kit) > 0)
        fail_batch(model);
    else if (dice < 985)
        pass(model, random_below(&model->random, 120));
    else if (dice < 990)
        pass(model, random_below(&model->random, 8000));
    else if (dice < 993)
        lose(model, random_below(&model->random, LINKS));
    drain(model);
}

static model_t *begin(random_t random)
{
    model_t *model = calloc(1, sizeof *model);
    assert_non_null(model);
    core_settings_t settings = kit_settings();
    settings.heartbeat_ms = 1000000;
    settings.idle_ms = 3000;
    settings.ring_events = 8192;
    model->kit = kit_new(&settings);
    kit_hold(model->kit, true);
    model->random = random;
    model->batch = 1;
    for (unsigned room = 0; room < ROOMS; room++) {
        model->rooms[room].log = calloc(MOST_SAID, TEXT_BYTES);
        assert_non_null(model->rooms[room].log);
    }
    /* So that every event of a link names its sid. */
    for (unsigned link = 0; link < LINKS; link++) {
        kit_ask(model->kit, letter(link), "hello sid=1000000 join=");
        kit_ask(model->kit, letter(link), "bye sid=1000000");
    }
    kit_forget(model->kit);
    return model;
}

static void finish(model_t *model)
{
    check_all(model);
    printf("%u said, %u commits, %u failures, %u messages, %u private, %u changes\n", model->said,
           model->commits, model->failures, model->messages, model->privates, model->changes);
    for (unsigned room = 0; room < ROOMS; room++)
        free(model->rooms[room].log);
    for (unsigned i = 0; i < PEOPLE; i++)
        free(model->people[i].inbox);
    kit_hold(model->kit, false);
    kit_destroy(&model->kit);
    free(model);
}

static void the_core_does_what_the_model_does(void **state)
{
    (void)state;
    enum { ROUNDS = 12, STEPS = 4000, CHECK_EVERY = 400 };
    random_t random = random_begin();
    for (int round = 0; round < ROUNDS; round++) {
        model_t *model = begin((random_t){random.seed, random_next(&random)});
        for (int i = 0; i < STEPS; i++) {
            step(model);
            if (i % CHECK_EVERY == CHECK_EVERY - 1)
                check_all(model);
        }
        finish(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_core_does_what_the_model_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
