/* What may be done, and what comes of it, by docs/protocol.md alone. */
#include "tests/sim/rights_rules.h"

#include <assert.h>

guest_t *rules_asker(rights_t *world, const ask_t *ask)
{
    return guest_of(&world->model, ask->guest);
}

bool asks_as_operator(rights_t *world, const ask_t *ask)
{
    return world->doors[ask->door].is_operator ||
           is_operator_account(&world->model, rules_asker(world, ask));
}

/* --- what everybody does -------------------------------------------------------------------------- */

static bool is_muted(rights_t *world, const guest_t *guest)
{
    person_model_t person = person_model(guest);
    return is_sentenced(&world->model.sentences, false, &person, rights_wall(world));
}

static fate_t say(rights_t *world, const ask_t *ask, guest_t *guest)
{
    hall_t *hall = &world->model.halls[ask->hall];
    hub_err_t err = rules_may_see(hall, guest, ask->hall);
    if (err == HUB_OK && !is_in(guest, ask->hall))
        err = HUB_NOT_MEMBER;
    if (err != HUB_OK)
        return refused(err);
    if (is_muted(world, guest))
        return refused(HUB_MUTED);
    person_model_t person = {guest->nick.number, NONE, guest->uid, 0};
    bool is_free = is_above(&world->model, ask->hall, guest);
    if (!is_free && is_sentenced(&hall->sentences, false, &person, rights_wall(world)))
        return refused(HUB_MUTED);
    uint64_t *said_ms = &guest->said_ms[ask->hall];
    if (!is_free && hall->slow_ms > 0 && *said_ms > 0 && world->now_ms < *said_ms + hall->slow_ms)
        return refused(HUB_FLOOD);
    if (hall->slow_ms > 0)
        *said_ms = world->now_ms;
    return done();
}

static fate_t tell(rights_t *world, const ask_t *ask, const guest_t *guest)
{
    int to = ask->nick.number;
    if (guest_named(&world->model, to) == NULL && account_named(&world->model, to) == NULL)
        return refused(HUB_NO_SUCH_NICK);
    return is_muted(world, guest) ? refused(HUB_MUTED) : done();
}

static fate_t join(rights_t *world, const ask_t *ask, guest_t *guest)
{
    hall_t *hall = &world->model.halls[ask->hall];
    if (!hall->is_there) {
        rules_make_hall(world, guest, ask->hall, ask->is_private);
    } else {
        if (rules_may_see(hall, guest, ask->hall) == HUB_NO_SUCH_ROOM)
            return refused(HUB_NO_SUCH_ROOM);
        if (ask->is_private && !hall->is_private)
            return refused(HUB_EXISTS);
        if (hall->closed_ms > world->now_ms)
            return refused(HUB_BUSY);
        if (is_barred(&world->model, ask->hall, guest, rights_wall(world)))
            return refused(HUB_BANNED);
        if (is_in(guest, ask->hall))
            return seen();
    }
    enter_hall(&world->model, guest, ask->hall, world->now_ms);
    return done();
}

static fate_t part(rights_t *world, const ask_t *ask, guest_t *guest)
{
    hub_err_t err = rules_may_see(&world->model.halls[ask->hall], guest, ask->hall);
    if (err == HUB_OK && !is_in(guest, ask->hall))
        err = HUB_NOT_MEMBER;
    if (err != HUB_OK)
        return refused(err);
    leave_hall(&world->model, guest, ask->hall);
    return done();
}

static fate_t invite(rights_t *world, const ask_t *ask, const guest_t *guest)
{
    hall_t *hall = &world->model.halls[ask->hall];
    hub_err_t err = rules_may_see(hall, guest, ask->hall);
    if (err == HUB_OK && !is_in(guest, ask->hall))
        err = HUB_NOT_MEMBER;
    if (err == HUB_OK && !hall->is_private)
        err = HUB_BAD_REQUEST;
    const guest_t *invited = guest_named(&world->model, ask->nick.number);
    if (err == HUB_OK && invited == NULL)
        err = HUB_NO_SUCH_NICK;
    if (err == HUB_OK && is_in(invited, ask->hall))
        err = HUB_EXISTS;
    if (err == HUB_OK && is_barred(&world->model, ask->hall, invited, rights_wall(world)))
        err = HUB_BANNED;
    if (err == HUB_OK && ask->until_ms && ask->until_ms <= rights_wall(world))
        err = HUB_BAD_REQUEST;
    if (err != HUB_OK)
        return refused(err);
    uint64_t keep_ms = world->settings.invite_ms;
    uninvite(hall, invited->id);
    assert(hall->invited_count < INVITED);
    hall->invited[hall->invited_count].guest = invited->id;
    hall->invited[hall->invited_count++].until_ms = ask->until_ms ? ask->until_ms
                                                    : keep_ms > 0 ? rights_wall(world) + keep_ms
                                                                  : 0;
    return done();
}

static fate_t take_nick(rights_t *world, const ask_t *ask, guest_t *guest)
{
    model_t *model = &world->model;
    const guest_t *other = guest_named(model, ask->nick.number);
    account_model_t *owned = account_named(model, ask->nick.number);
    account_model_t *account = account_of(model, guest->account);
    if ((other && other != guest) || (owned && owned != account))
        return refused(HUB_NICK_TAKEN);
    person_model_t person = {ask->nick.number, NONE, 0, 0};
    if (rules_is_banned(world, &person))
        return refused(HUB_BANNED);
    if (guest->nick.number == ask->nick.number && guest->nick.is_capital == ask->nick.is_capital)
        return seen();
    guest->nick = ask->nick;
    if (account)
        account->nick = ask->nick;
    rules_put_out(world, guest);
    return done();
}

static fate_t read_hall(rights_t *world, const ask_t *ask, const guest_t *guest)
{
    hub_err_t err = ask->hall == NONE
                        ? HUB_OK
                        : rules_may_see(&world->model.halls[ask->hall], guest, ask->hall);
    return err == HUB_OK ? seen() : refused(err);
}

static fate_t everybodys(rights_t *world, ask_t *ask, guest_t *guest, const hub_err_t *hashed)
{
    switch ((unsigned)ask->op) {
    case OP_say:
        return say(world, ask, guest);
    case OP_tell:
        return tell(world, ask, guest);
    case OP_status:
        return is_muted(world, guest) ? refused(HUB_MUTED) : seen();
    case OP_join:
        return join(world, ask, guest);
    case OP_part:
        return part(world, ask, guest);
    case OP_invite:
        return invite(world, ask, guest);
    case OP_nick:
        return take_nick(world, ask, guest);
    case OP_who:
    case OP_history:
        return read_hall(world, ask, guest);
    case OP_bye:
        end_guest(&world->model, guest);
        return done();
    case OP_login:
        return rules_login(world, ask, guest, hashed);
    case OP_register:
        return rules_register(world, ask, guest, hashed);
    case OP_password:
        return rules_password(world, ask, guest, hashed);
    }
    return seen(); /* rooms */
}

/* --- operators, and all -------------------------------------------------------------------------- */

static fate_t operators(rights_t *world, ask_t *ask, const hub_err_t *hashed)
{
    switch ((unsigned)ask->op) {
    case OP_kick:
    case OP_ban:
    case OP_mute:
        return rules_sentence(world, ask);
    case OP_unban:
    case OP_unmute:
        return rules_lift(world, ask);
    case OP_account_add:
        return rules_add_account(world, ask, hashed);
    case OP_account_remove:
    case OP_account_role:
    case OP_account_password:
        return rules_change_account(world, ask, hashed);
    case OP_room_remove:
        return rules_remove_hall(world, ask);
    case OP_shutdown:
        return rules_note_hall(world, ask, done(), true);
    }
    return seen(); /* bans, accounts, audit */
}

typedef enum { FOR_ALL, FOR_SESSIONS, FOR_MODERATORS, FOR_OPERATORS } for_whom_t;

static for_whom_t for_whom(const ask_t *ask)
{
    switch ((unsigned)ask->op) {
    case OP_hello:
    case OP_resume:
        return FOR_ALL;
    case OP_kick:
    case OP_ban:
    case OP_unban:
    case OP_mute:
    case OP_unmute:
    case OP_bans:
        return ask->hall == NONE ? FOR_OPERATORS : FOR_MODERATORS;
    case OP_role:
    case OP_slow:
        return FOR_MODERATORS;
    case OP_accounts:
    case OP_audit:
    case OP_account_add:
    case OP_account_remove:
    case OP_account_role:
    case OP_account_password:
    case OP_room_remove:
    case OP_shutdown:
        return FOR_OPERATORS;
    }
    return FOR_SESSIONS;
}

fate_t rules_decide(rights_t *world, ask_t *ask, const hub_err_t *hashed)
{
    for_whom_t whom = for_whom(ask);
    guest_t *guest = guest_at(&world->model, ask->link, ask->sid);
    bool is_same = ask->guest == (guest ? guest->id : 0);
    if (guest && hashed == NULL)
        guest->is_operator = world->doors[ask->door].is_operator;
    if (hashed && !is_same && !(ask->op == OP_hello && ask->guest == 0))
        return refused(HUB_NO_SESSION); /* of whoever is there now nothing was asked */
    if (whom == FOR_ALL)
        return ask->op == OP_hello ? rules_hello(world, ask, hashed) : rules_resume(world, ask);
    if (guest == NULL && (whom == FOR_SESSIONS || !world->doors[ask->door].is_operator))
        return refused(HUB_NO_SESSION);
    bool is_about_accounts =
        ask->op == OP_login || ask->op == OP_register || ask->op == OP_password;
    if (is_about_accounts && world->settings.accounts_max == 0)
        return refused(HUB_UNSUPPORTED);
    if (whom == FOR_SESSIONS)
        return everybodys(world, ask, guest, hashed);
    if (whom == FOR_OPERATORS)
        return asks_as_operator(world, ask) ? operators(world, ask, hashed) : refused(HUB_DENIED);
    return ask->op == OP_role   ? rules_role(world, ask)
           : ask->op == OP_slow ? rules_slow(world, ask)
                                : rules_moderate(world, ask);
}
