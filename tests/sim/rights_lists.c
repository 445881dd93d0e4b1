/* Lists and logs in answers: whole, and true to the model. */
#include "tests/sim/rights.h"

#include <inttypes.h>

/* --- bans and mutes ------------------------------------------------------------------------------- */

static bool is_target_of(const message_t *entry, const sentence_t *sentence)
{
    char key[PEER_KEY_BYTES];
    switch (sentence->at) {
    case AT_NICK:
        return span_equal(message_span(entry, KEY_nick), nick_text(sentence->name));
    case AT_ACCOUNT:
        return span_equal(message_span(entry, KEY_account), nick_text(sentence->name));
    case AT_KEY:
        key_bytes(sentence->value, key);
        return span_equal(message_span(entry, KEY_key), (span_t){key, sizeof key});
    case AT_NETWORK:
        return span_equal(message_span(entry, KEY_network), network_text((int)sentence->value));
    }
    return false;
}

static bool is_told(const message_t *entry, const sentence_t *sentence)
{
    return is_target_of(entry, sentence) &&
           span_is(message_span(entry, KEY_verdict), sentence->is_ban ? "ban" : "mute") &&
           span_equal(message_span(entry, KEY_by), nick_text(sentence->by)) &&
           span_equal(message_span(entry, KEY_reason), reason_text(sentence->reason)) &&
           message_uint(entry, KEY_until) == sentence->until_ms;
}

static void check_bans(rights_t *world, const sentences_t *list, const char *where,
                       const message_t *reply)
{
    size_t count, expected = 0;
    const msgpack_object *entries = message_list(reply, KEY_bans, &count);
    for (uint32_t i = 0; i < list->count; i++) {
        bool is_there = false;
        if (!sentence_is_live(&list->list[i], rights_wall(world)))
            continue;
        expected++;
        for (size_t j = 0; j < count && !is_there; j++) {
            message_t entry;
            is_there = message_from_object(&entry, &entries[j]) && is_told(&entry, &list->list[i]);
        }
        if (!is_there)
            violated("a %s of %.*s by %.*s in %s is not listed, or otherwise",
                     list->list[i].is_ban ? "ban" : "mute",
                     SPAN_ARGS(nick_text(list->list[i].name)),
                     SPAN_ARGS(nick_text(list->list[i].by)), where);
    }
    if (count != expected)
        violated("%zu bans and mutes are listed in %s, and there are %zu", count, where, expected);
}

/* --- people --------------------------------------------------------------------------------------- */

static void check_accounts(rights_t *world, const message_t *reply)
{
    size_t count, expected = 0;
    const msgpack_object *entries = message_list(reply, KEY_accounts, &count);
    for (int i = 0; i < ACCOUNTS; i++) {
        const account_model_t *account = &world->model.accounts[i];
        bool is_there = false;
        if (account->id == 0)
            continue;
        expected++;
        for (size_t j = 0; j < count; j++) {
            message_t entry;
            if (!message_from_object(&entry, &entries[j]) ||
                !span_equal(message_span(&entry, KEY_nick), nick_text(account->nick)))
                continue;
            is_there = true;
            rights_uid(world, account->uid, message_span(&entry, KEY_uid));
            if (!span_is(message_span(&entry, KEY_role),
                         account->is_operator ? "operator" : "member"))
                violated("the account %.*s has another role", SPAN_ARGS(nick_text(account->nick)));
            if (message_has(&entry, KEY_state) != (guest_in(&world->model, account->id) != NULL))
                violated("somebody is in under %.*s, or nobody",
                         SPAN_ARGS(nick_text(account->nick)));
        }
        if (!is_there)
            violated("the account %.*s is not listed", SPAN_ARGS(nick_text(account->nick)));
    }
    if (count != expected)
        violated("%zu accounts are listed, and there are %zu", count, expected);
}

static void check_members(rights_t *world, int hall, const message_t *reply)
{
    static const char *const STANDS[] = {"", "moderator", "owner"};
    size_t count;
    const msgpack_object *entries = message_list(reply, KEY_members, &count);
    for (int i = 0; i < GUESTS; i++) {
        const guest_t *guest = &world->model.guests[i];
        bool is_there = false;
        if (guest->id == 0 || !is_in(guest, hall))
            continue;
        stand_t stand = stand_of(&world->model.halls[hall], guest->uid);
        for (size_t j = 0; j < count; j++) {
            message_t entry;
            if (!message_from_object(&entry, &entries[j]) ||
                !span_equal(message_span(&entry, KEY_nick), nick_text(guest->nick)))
                continue;
            is_there = true;
            rights_uid(world, guest->uid, message_span(&entry, KEY_uid));
            if (!span_is(message_span(&entry, KEY_role), STANDS[stand]))
                violated("%.*s is %s in %.*s, and is told to be %.*s",
                         SPAN_ARGS(nick_text(guest->nick)), STANDS[stand],
                         SPAN_ARGS(hall_text(hall)), SPAN_ARGS(message_span(&entry, KEY_role)));
        }
        if (!is_there)
            violated("%.*s is in %.*s, and is not listed", SPAN_ARGS(nick_text(guest->nick)),
                     SPAN_ARGS(hall_text(hall)));
    }
    if (count != hall_members(&world->model, hall))
        violated("%zu are listed in %.*s, and %u are in it", count, SPAN_ARGS(hall_text(hall)),
                 hall_members(&world->model, hall));
}

static void check_rooms(rights_t *world, const ask_t *ask, const message_t *reply)
{
    size_t count;
    const msgpack_object *entries = message_list(reply, KEY_rooms, &count);
    const guest_t *guest = guest_of(&world->model, ask->guest);
    for (size_t i = 0; i < count; i++) {
        message_t entry;
        if (!message_from_object(&entry, &entries[i]))
            violated("a room that is no map");
        int hall = hall_number(message_span(&entry, KEY_room));
        if (hall == NONE || !world->model.halls[hall].is_there)
            violated("a room is listed that is not there");
        if (world->model.halls[hall].is_private && !(guest && is_in(guest, hall)))
            violated("somebody is told of %.*s, and is not in it", SPAN_ARGS(hall_text(hall)));
        if (message_uint(&entry, KEY_slow_ms) != world->model.halls[hall].slow_ms)
            violated("%.*s is slow otherwise than is told", SPAN_ARGS(hall_text(hall)));
    }
}

/* --- logs ----------------------------------------------------------------------------------------- */

static void check_history(rights_t *world, const open_t *open, const message_t *reply)
{
    size_t count;
    const msgpack_object *events = message_list(reply, KEY_events, &count);
    for (size_t i = 0; i < count; i++) {
        message_t event;
        if (!message_from_object(&event, &events[i]))
            violated("an event that is no map");
        uint64_t number = ledger_number(message_span(&event, KEY_text));
        if (number == 0 || number >= TEXTS || world->texts[number].hall != open->ask.hall)
            violated("text %ju is in the history of another room", (uintmax_t)number);
        if (open->ask.hall != NONE && world->texts[number].life != open->uid)
            violated("text %ju is of a former life of the room", (uintmax_t)number);
    }
}

static const note_t *note_of(const rights_t *world, uint64_t seq)
{
    for (uint32_t i = world->note_count; i-- > 0;)
        if (world->notes[i].seq == seq)
            return &world->notes[i];
    return NULL;
}

static void check_note(const note_t *note, const message_t *event)
{
    static const key_id_t KEYS[] = {KEY_nick, KEY_account, KEY_key, KEY_network};
    const fate_t *fate = &note->fate;
    char key[PEER_KEY_BYTES];
    key_bytes(fate->key, key);
    span_t told = fate->has_target ? message_span(event, KEYS[fate->at]) : (span_t){"", 0};
    span_t name = !fate->has_target        ? (span_t){"", 0}
                  : fate->at == AT_KEY     ? (span_t){key, sizeof key}
                  : fate->at == AT_NETWORK ? network_text(fate->network)
                                           : nick_text(fate->name);
    span_t in =
        fate->hall == NONE || note->op == OP_shutdown ? (span_t){"", 0} : hall_text(fate->hall);
    if (!span_equal(message_span(event, KEY_op), command_row(note->op)->name) ||
        !span_equal(message_span(event, KEY_by), nick_text(note->by)) || !span_equal(told, name) ||
        !span_equal(message_span(event, KEY_in), in) ||
        !span_equal(message_span(event, KEY_reason), reason_text(note->reason)) ||
        message_uint(event, KEY_until) != note->until_ms)
        violated("number %" PRIu64 " of what operators did is told otherwise than it was",
                 note->seq);
}

/* All that was stored, each once. */
static void check_audit(rights_t *world, const open_t *open, const message_t *reply)
{
    size_t count;
    const msgpack_object *events = message_list(reply, KEY_events, &count);
    uint64_t head = message_uint(reply, KEY_head);
    if (rights_is_now(world, open) && head != open->uid)
        violated("%u things that operators did are stored, and %" PRIu64 " are told", open->uid,
                 head);
    uint64_t first = open->ask.after + 1, oldest = message_uint(reply, KEY_oldest);
    if (!world->settings.has_store && oldest > first)
        first = oldest; /* no more is remembered */
    for (size_t i = 0; i < count; i++) {
        message_t event;
        if (!message_from_object(&event, &events[i]))
            violated("an event that is no map");
        uint64_t seq = message_uint(&event, KEY_seq);
        const note_t *note = note_of(world, seq);
        if (seq != first + i || note == NULL)
            violated("number %" PRIu64 " of what operators did was never done", seq);
        check_note(note, &event);
    }
    if (!message_bool(reply, KEY_more) && first - 1 + count < open->uid)
        violated("a page of what operators did ends too soon");
}

/* What was so when it was asked is so no more where the answer comes later. */
void rights_list(rights_t *world, const open_t *open, const message_t *reply)
{
    const ask_t *ask = &open->ask;
    if (ask->op == OP_history)
        check_history(world, open, reply);
    if (ask->op == OP_audit)
        check_audit(world, open, reply);
    if (!rights_is_now(world, open))
        return;
    switch ((unsigned)ask->op) {
    case OP_bans:
        if (ask->hall == NONE)
            check_bans(world, &world->model.sentences, "the broker", reply);
        else
            check_bans(world, &world->model.halls[ask->hall].sentences, hall_text(ask->hall).data,
                       reply);
        return;
    case OP_accounts:
        check_accounts(world, reply);
        return;
    case OP_who:
        check_members(world, ask->hall, reply);
        return;
    case OP_rooms:
        check_rooms(world, ask, reply);
        return;
    }
}
