/* The core against a naive model of itself: people on several links join, leave, speak, rename, lose
 * links and resume, while a slow store commits and fails batches at random.
 *
 * The model keeps lists and searches them. It predicts every answer, and every message in its order;
 * presence is checked by applying the events to a list that has to equal `who`. */
#include "tests/property/broker_model.h"

#include <inttypes.h>

/* --- what comes ------------------------------------------------------------------------------------ */

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

/* Sends a request of somebody and expects that answer at once; NULL: ok. */
static void ask(model_t *model, unsigned person, const char *error, const char *request)
{
    char text[256];
    unsigned link = model->people[person].link;
    snprintf(text, sizeof text, "%s sid=%u", request, person);
    due_t due = {.id = kit_send(model->kit, model_letter(link), text), .link = link};
    snprintf(due.error, sizeof due.error, "%s", error ? error : "");
    model_expect(model, due);
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
        assert_int_equal(frame_get(welcome, path) != NULL, model_is_member(r, person));
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
    bool is_taken = model_person_of_nick(model, nick) >= 0;
    uint64_t id = kit_send(model->kit, model_letter(link), request);
    const frame_t *reply = kit_reply(model->kit, model_letter(link), id);
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
            model_enter(model, person, joins[i], false);
    take_welcome(model, person, reply);
}

static void resume(model_t *model, unsigned person)
{
    person_t *p = &model->people[person];
    char request[64];
    unsigned link = random_below(&model->random, LINKS);
    snprintf(request, sizeof request, "resume sid=%u token=$%c", person, (char)('0' + person));
    uint64_t id = kit_send(model->kit, model_letter(link), request);
    const frame_t *reply = kit_reply(model->kit, model_letter(link), id);
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
    if (r->exists && model_may_read(model, person, room) &&
        strcmp(model_may_read(model, person, room), "no_such_room") == 0)
        error = "no_such_room";
    else if (r->exists && wants_private && !r->is_private)
        error = "exists";
    char link = model_letter(model->people[person].link);
    const frame_t *reply = kit_reply(model->kit, link, kit_send(model->kit, link, request));
    if (error) {
        assert_string_equal(frame_get(reply, "error"), error);
        return;
    }
    ASSERT_HAS(reply, "ok=true");
    bool is_new = !r->exists;
    if (!model_is_member(r, person))
        model_enter(model, person, room, wants_private);
    assert_int_equal(frame_uint(reply, "count"), r->member_count);
    snprintf(path, sizeof path, "heads.%s.0", ROOM_NAMES[room]);
    if (is_new) /* nothing was said in the one before, or it would be kept */
        assert_true(frame_uint(reply, path) >= r->epoch);
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
    const char *error = model_may_read(model, person, room);
    if (error == NULL && !model_is_member(&model->rooms[room], person))
        error = "not_member";
    ask(model, person, error, request);
    drain(model); /* events of its going are told before the model forgets the room */
    if (error == NULL)
        model_leave(model, person, room);
}

static void invite(model_t *model, unsigned person)
{
    unsigned room = random_below(&model->random, ROOMS);
    char request[128], nick[NAME];
    random_nick(model, nick);
    int guest = model_person_of_nick(model, nick);
    snprintf(request, sizeof request, "invite room=%s nick=%s", ROOM_NAMES[room], nick);
    const char *error = model_may_read(model, person, room);
    if (error == NULL && !model_is_member(&model->rooms[room], person))
        error = "not_member";
    else if (error == NULL && !model->rooms[room].is_private)
        error = "bad_request";
    else if (error == NULL && guest < 0)
        error = "no_such_nick";
    else if (error == NULL && model_is_member(&model->rooms[room], (unsigned)guest))
        error = "exists";
    ask(model, person, error, request);
    if (error == NULL)
        model->people[guest].invited[room] = true;
}

static void rename_to(model_t *model, unsigned person)
{
    char request[64], nick[NAME];
    random_nick(model, nick);
    int owner = model_person_of_nick(model, nick);
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
    model_end(model, person);
}

/* --- speaking, and the store ----------------------------------------------------------------------- */

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
        int to = model_person_of_nick(model, nick);
        snprintf(request, sizeof request, "tell to=%s text=%s sid=%u", nick, held.text, person);
        if (to < 0)
            error = "no_such_nick";
        else
            held.to = (unsigned)to;
    } else {
        held.room = random_below(&model->random, ROOMS);
        snprintf(request, sizeof request, "say room=%s text=%s sid=%u", ROOM_NAMES[held.room],
                 held.text, person);
        error = model_may_read(model, person, held.room);
        if (error == NULL && !model_is_member(&model->rooms[held.room], person))
            error = "not_member";
    }
    if (cid > 0)
        snprintf(request + strlen(request), sizeof request - strlen(request), " cid=%u", cid);
    held.id = kit_send(model->kit, model_letter(p->link), request);
    held.cid = cid;
    if (cid > p->cid_count + 1) {
        model_expect_error(model, p->link, held.id, "out_of_order");
    } else if (cid > 0 && cid <= p->cid_count) {
        model_repeat(model, person, held.id, cid);
    } else if (error) {
        model_refuse(model, person, held.id, cid, error);
    } else {
        if (cid > 0)
            p->cids[p->cid_count++] = (said_t){.fate = CID_WAITS};
        held.to_incarnation = model->people[held.to].incarnation;
        model_hold(model, held);
        if (!tells)
            model->rooms[held.room].waiting++;
    }
}

static void turn(model_t *model)
{
    kit_turn(model->kit);
    model_turn(model);
}

static void commit(model_t *model)
{
    kit_commit(model->kit);
    model_commit(model);
    drain(model);
}

static void fail_batch(model_t *model)
{
    kit_fail(model->kit);
    model_fail(model);
    drain(model);
}

static void pass(model_t *model, uint64_t ms)
{
    turn(model);
    drain(model);
    kit_pass(model->kit, ms);
    drain(model);
    model_expire(model);
}

static void lose(model_t *model, unsigned link)
{
    kit_lose(model->kit, model_letter(link));
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
        visible += r->exists && (!r->is_private || model_is_member(r, asker));
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
        if (!model_is_member(r, asker))
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
        char link = model_letter(p->link);
        check_log(model, link, i, "@", p->inbox, p->inbox_count);
        check_rooms(model, link, i);
        for (unsigned room = 0; room < ROOMS; room++) {
            room_t *r = &model->rooms[room];
            if (model_may_read(model, i, room))
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
        kit_ask(model->kit, model_letter(link), "hello sid=1000000 join=");
        kit_ask(model->kit, model_letter(link), "bye sid=1000000");
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
