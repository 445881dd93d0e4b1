/* Coming in, and accounts. */
#include "tests/sim/rights_rules.h"

#include <assert.h>

enum { TRIES = 3, TRIES_ADDRESS = 10 };

/* --- coming in ------------------------------------------------------------------------------------ */

static person_model_t stranger(const ask_t *ask)
{
    return (person_model_t){NONE, ask->address, 0, ask->link_key};
}

bool rules_is_banned(rights_t *world, const person_model_t *person)
{
    return is_sentenced(&world->model.sentences, true, person, rights_wall(world));
}

static guest_t *new_guest(rights_t *world, const ask_t *ask)
{
    for (int i = 0; i < GUESTS; i++) {
        guest_t *guest = &world->model.guests[i];
        if (guest->id)
            continue;
        *guest = (guest_t){.id = ++world->model.ids,
                           .nick = ask->nick,
                           .uid = ++world->model.uids,
                           .key = ask->link_key,
                           .link = ask->link,
                           .is_operator = world->doors[ask->door].is_operator,
                           .sid = ask->sid,
                           .address = ask->address,
                           .resume_ms = ask->resume_ms < world->settings.resume_ms
                                            ? ask->resume_ms
                                            : world->settings.resume_ms};
        return guest;
    }
    assert(false);
    return NULL;
}

void rules_make_hall(rights_t *world, const guest_t *founder, int hall, bool is_private)
{
    world->model.halls[hall] =
        (hall_t){.is_there = true, .is_private = is_private, .life = ++world->model.lives};
    if (hall != 0)
        set_stand(&world->model, &world->model.halls[hall], founder->uid, STAND_OWNER);
}

/* May the person see the room? */
hub_err_t rules_may_see(const hall_t *hall, const guest_t *guest, int number)
{
    if (!hall->is_there)
        return HUB_NO_SUCH_ROOM;
    if (!hall->is_private || is_in(guest, number))
        return HUB_OK;
    if (is_invited(hall, guest->id) || stand_of(hall, guest->uid) > STAND_MEMBER)
        return HUB_NOT_MEMBER;
    return HUB_NO_SUCH_ROOM;
}

static void join_at_once(rights_t *world, guest_t *guest, int hall)
{
    hall_t *room = &world->model.halls[hall];
    if (!room->is_there)
        rules_make_hall(world, guest, hall, false);
    if (rules_may_see(room, guest, hall) == HUB_OK && !is_in(guest, hall) &&
        !is_barred(&world->model, hall, guest, rights_wall(world)) &&
        room->closed_ms <= world->now_ms)
        enter_hall(&world->model, guest, hall, world->now_ms);
}

void rules_put_out(rights_t *world, guest_t *guest)
{
    for (int hall = 0; hall < HALLS; hall++)
        if (is_in(guest, hall) && is_barred(&world->model, hall, guest, rights_wall(world)))
            leave_hall(&world->model, guest, hall);
}

/* Rooms that were empty for a moment may be gone or not: that hangs on what waits for the store. */
static uint32_t in_doubt(const rights_t *world, uint32_t halls)
{
    uint32_t doubt = 0;
    for (int hall = 0; hall < HALLS; hall++)
        if ((halls >> hall & 1) && !world->model.halls[hall].is_stored &&
            hall_members(&world->model, hall) == 0)
            doubt |= 1U << hall;
    return doubt;
}

/* The session is the account's from now on. */
static uint32_t take_up(rights_t *world, guest_t *guest, account_model_t *account)
{
    model_t *model = &world->model;
    guest_t *older = guest_in(model, account->id);
    account_model_t *former = account_of(model, guest->account);
    uint32_t doubt = 0;
    if (older == guest)
        return 0;
    if (older) {
        uint32_t halls = older->halls;
        end_guest(model, older);
        doubt = in_doubt(world, halls);
    }
    if (former)
        former->halls = guest->halls;
    guest->account = account->id;
    guest->uid = account->uid;
    guest->nick = account->nick;
    rules_put_out(world, guest);
    for (int hall = 0; hall < HALLS; hall++)
        if ((account->halls >> hall & 1) && !is_in(guest, hall) &&
            !is_barred(model, hall, guest, rights_wall(world)))
            enter_hall(model, guest, hall, world->now_ms);
    account->halls = 0;
    return doubt;
}

static fate_t ask_worker(rights_t *world, ask_t *ask, const account_model_t *account)
{
    fate_t fate = {.waits = true, .hall = NONE};
    ask->against = account ? account->hash : 0;
    ask->account = account ? account->id : 0;
    fate.may_flood = world->tries[ask->nick.number] >= TRIES || world->tries_all >= TRIES_ADDRESS;
    return fate;
}

/* The account that the password was right for, and still is. */
static account_model_t *proven(rights_t *world, const ask_t *ask, hub_err_t hashed)
{
    account_model_t *account = account_named(&world->model, ask->nick.number);
    if (hashed != HUB_OK || account == NULL || account->hash != ask->against)
        return NULL;
    world->tries[ask->nick.number] = 0;
    return account;
}

static fate_t greet(rights_t *world, const ask_t *ask, account_model_t *account)
{
    model_t *model = &world->model;
    person_model_t person = stranger(ask);
    person.nick = account ? account->nick.number : ask->nick.number;
    person.uid = account ? account->uid : 0;
    if (!account && (guest_named(model, person.nick) || account_named(model, person.nick)))
        return refused(HUB_NICK_TAKEN);
    if (rules_is_banned(world, &person))
        return refused(HUB_BANNED);
    fate_t fate = done();
    guest_t *older = account ? guest_in(model, account->id) : NULL;
    uint32_t halls = older ? older->halls : 0;
    if (older)
        end_guest(model, older);
    fate.doubt = in_doubt(world, halls);
    guest_t *guest = new_guest(world, ask);
    if (account)
        (void)take_up(world, guest, account);
    for (int hall = 0; hall < HALLS; hall++)
        if ((ask->has_join ? ask->joins : 1) >> hall & 1)
            join_at_once(world, guest, hall);
    return fate;
}

fate_t rules_hello(rights_t *world, ask_t *ask, const hub_err_t *hashed)
{
    person_model_t person = stranger(ask);
    const guest_t *here = guest_at(&world->model, ask->link, ask->sid);
    if (here)
        return here->nick.number == ask->nick.number ? done() : refused(HUB_BAD_REQUEST);
    if (ask->password != NONE && world->settings.accounts_max == 0)
        return refused(HUB_UNSUPPORTED);
    if (rules_is_banned(world, &person))
        return refused(HUB_BANNED);
    if (ask->password == NONE)
        return world->settings.refuses_guests ? refused(HUB_DENIED) : greet(world, ask, NULL);
    if (hashed == NULL)
        return ask_worker(world, ask, account_named(&world->model, ask->nick.number));
    if (*hashed == HUB_BUSY)
        return refused(HUB_BUSY);
    account_model_t *account = proven(world, ask, *hashed);
    return account ? greet(world, ask, account) : refused(HUB_DENIED);
}

static guest_t *owner_of_token(rights_t *world, const ask_t *ask)
{
    for (int i = 0; i < GUESTS; i++) {
        guest_t *guest = &world->model.guests[i];
        if (guest->id && guest->token_size == ask->token_size && ask->token_size > 0 &&
            memcmp(guest->token, ask->token, ask->token_size) == 0)
            return guest;
    }
    return NULL;
}

fate_t rules_resume(rights_t *world, const ask_t *ask)
{
    guest_t *guest = owner_of_token(world, ask);
    const guest_t *here = guest_at(&world->model, ask->link, ask->sid);
    if (guest == NULL) /* it has ended: who is there does not matter, or it is another */
        return refused(here ? HUB_BAD_REQUEST : HUB_EXPIRED);
    if (here && here != guest)
        return refused(HUB_BAD_REQUEST);
    if (guest->key != ask->link_key)
        return refused(HUB_EXPIRED);
    person_model_t person = person_model(guest);
    if (rules_is_banned(world, &person))
        return refused(HUB_BANNED);
    guest->link = ask->link;
    guest->is_operator = world->doors[ask->door].is_operator;
    guest->sid = ask->sid;
    return done();
}

fate_t rules_login(rights_t *world, ask_t *ask, guest_t *guest, const hub_err_t *hashed)
{
    if (hashed == NULL)
        return ask_worker(world, ask, account_named(&world->model, ask->nick.number));
    if (*hashed == HUB_BUSY)
        return refused(HUB_BUSY);
    account_model_t *account = proven(world, ask, *hashed);
    if (account == NULL)
        return refused(HUB_DENIED);
    person_model_t person = {account->nick.number, NONE, account->uid, 0};
    if (rules_is_banned(world, &person))
        return refused(HUB_BANNED);
    fate_t fate = guest->account == account->id ? seen() : done();
    fate.doubt = take_up(world, guest, account);
    return fate;
}

/* --- accounts ------------------------------------------------------------------------------------- */

static account_model_t *new_account(rights_t *world, called_t nick, uint32_t uid, int8_t password)
{
    for (int i = 0; i < ACCOUNTS; i++) {
        account_model_t *account = &world->model.accounts[i];
        if (account->id)
            continue;
        *account = (account_model_t){.id = ++world->model.ids,
                                     .nick = nick,
                                     .uid = uid,
                                     .hash = world->hashes,
                                     .password = password};
        return account;
    }
    assert(false);
    return NULL;
}

static uint32_t account_count(const rights_t *world)
{
    uint32_t count = 0;
    for (int i = 0; i < ACCOUNTS; i++)
        count += world->model.accounts[i].id != 0;
    return count;
}

fate_t rules_register(rights_t *world, const ask_t *ask, guest_t *guest, const hub_err_t *hashed)
{
    if (guest->account)
        return refused(HUB_EXISTS);
    if (account_count(world) >= world->settings.accounts_max)
        return refused(HUB_FULL);
    if (hashed == NULL)
        return (fate_t){.waits = true, .hall = NONE};
    if (*hashed != HUB_OK)
        return refused(*hashed);
    guest->account = new_account(world, guest->nick, guest->uid, ask->password)->id;
    return done();
}

fate_t rules_password(rights_t *world, ask_t *ask, const guest_t *guest, const hub_err_t *hashed)
{
    account_model_t *account = account_of(&world->model, guest->account);
    if (account == NULL)
        return refused(HUB_DENIED);
    ask->nick = account->nick;
    if (hashed == NULL)
        return ask_worker(world, ask, account);
    if (*hashed != HUB_OK)
        return refused(*hashed);
    if (!ask->is_proven)
        world->tries[account->nick.number] = 0;
    if (account->id != ask->account || account->hash != ask->against)
        return refused(HUB_DENIED);
    if (!ask->is_proven) {
        ask->is_proven = true;
        return (fate_t){.waits = true, .hall = NONE};
    }
    account->hash = world->hashes;
    account->password = ask->new_password;
    return done();
}

static fate_t note_account(fate_t fate, called_t name)
{
    fate.is_noted = fate.has_target = fate.changes = true;
    fate.at = AT_ACCOUNT;
    fate.name = name;
    return fate;
}

fate_t rules_add_account(rights_t *world, const ask_t *ask, const hub_err_t *hashed)
{
    if (account_named(&world->model, ask->nick.number))
        return refused(HUB_EXISTS);
    if (guest_named(&world->model, ask->nick.number))
        return refused(HUB_NICK_TAKEN);
    if (account_count(world) >= world->settings.accounts_max)
        return refused(HUB_FULL);
    if (hashed == NULL)
        return (fate_t){.waits = true, .hall = NONE};
    if (*hashed != HUB_OK)
        return refused(*hashed);
    account_model_t *account = new_account(world, ask->nick, ++world->model.uids, ask->password);
    account->is_operator = ask->makes_operator;
    return note_account(done(), ask->nick);
}

/* What has waited for a hash is for the account that had the nick when it was asked for. */
fate_t rules_change_account(rights_t *world, ask_t *ask, const hub_err_t *hashed)
{
    model_t *model = &world->model;
    account_model_t *account =
        hashed ? account_of(model, ask->account) : account_named(model, ask->nick.number);
    const guest_t *by = rules_asker(world, ask);
    if (account == NULL)
        return refused(HUB_NO_SUCH_NICK);
    guest_t *guest = guest_in(model, account->id);
    bool is_own = by && by->account == account->id;
    called_t name = account->nick;
    if (ask->op == OP_account_role) {
        account->is_operator = ask->makes_operator;
        if (guest)
            rules_put_out(world, guest);
        return note_account(done(), name);
    }
    if (ask->op == OP_account_remove) {
        if (is_own)
            return refused(HUB_DENIED);
        if (guest)
            end_guest(model, guest);
        *account = (account_model_t){0};
        return note_account(done(), name);
    }
    ask->account = account->id;
    if (hashed == NULL)
        return (fate_t){.waits = true, .hall = NONE};
    if (*hashed != HUB_OK)
        return refused(*hashed);
    account->hash = world->hashes;
    account->password = ask->new_password;
    if (guest && !is_own)
        end_guest(model, guest);
    return note_account(done(), name);
}
