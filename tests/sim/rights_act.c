/* What people ask for, allowed or not. */
#include "tests/sim/rights.h"

enum { SHORT_MS = 4000, END_MS = 15000 };

int rights_draw(rights_t *world, int below)
{
    return (int)random_below(&world->random, (uint32_t)below);
}

/* --- what they think of --------------------------------------------------------------------------- */

static ask_t blank(int door, int sid, op_t op)
{
    return (ask_t){.op = op,
                   .door = (int8_t)door,
                   .sid = (int8_t)sid,
                   .nick = {NONE, false},
                   .password = NONE,
                   .new_password = NONE,
                   .hall = NONE,
                   .address = NONE,
                   .reason = NONE,
                   .network = NONE};
}

static called_t some_nick(rights_t *world)
{
    return (called_t){rights_draw(world, NICKS), rights_draw(world, 4) == 0};
}

/* Mostly of somebody who is here. */
static called_t nick_here(rights_t *world)
{
    called_t nick = some_nick(world);
    for (int tries = 0; tries < 4 && !guest_named(&world->model, nick.number); tries++)
        nick = some_nick(world);
    return nick;
}

/* Mostly a registered one. */
static called_t nick_of_account(rights_t *world)
{
    called_t nick = some_nick(world);
    for (int tries = 0; tries < 4 && !account_named(&world->model, nick.number); tries++)
        nick = some_nick(world);
    return nick;
}

static const guest_t *who_asks(rights_t *world, const ask_t *ask)
{
    return guest_at(&world->model, world->doors[ask->door].link, ask->sid);
}

/* Mostly one of those, as bits. */
static int8_t hall_among(rights_t *world, uint32_t halls)
{
    int hall = rights_draw(world, HALLS);
    bool is_any = rights_draw(world, 5) == 0 || halls == 0;
    while (!is_any && !(halls >> hall & 1))
        hall = rights_draw(world, HALLS);
    return (int8_t)hall;
}

/* Mostly one that is there, and often one that they are in. */
static int8_t some_hall(rights_t *world, const ask_t *ask)
{
    const guest_t *guest = who_asks(world, ask);
    uint32_t halls = 0;
    for (int hall = 0; hall < HALLS; hall++)
        halls |= (uint32_t)world->model.halls[hall].is_there << hall;
    if (guest && guest->halls && rights_draw(world, 2) == 0)
        halls = guest->halls;
    return hall_among(world, halls);
}

static uint32_t private_halls(const rights_t *world)
{
    uint32_t halls = 0;
    for (int hall = 0; hall < HALLS; hall++)
        halls |= (uint32_t)world->model.halls[hall].is_private << hall;
    return halls;
}

/* Where they are banned or invited. */
static uint32_t tempting_halls(rights_t *world, const guest_t *guest)
{
    uint32_t halls = 0;
    for (int hall = 0; guest && hall < HALLS; hall++)
        halls |= (uint32_t)(is_barred(&world->model, hall, guest, rights_wall(world)) ||
                            is_invited(&world->model.halls[hall], guest->id))
                 << hall;
    return halls;
}

/* One that they own or moderate, if there is one. */
static int8_t ruled_hall(rights_t *world, const ask_t *ask)
{
    const guest_t *guest = who_asks(world, ask);
    int first = rights_draw(world, HALLS);
    for (int i = 0; guest && rights_draw(world, 4) > 0 && i < HALLS; i++)
        if (stand_of(&world->model.halls[(first + i) % HALLS], guest->uid) > STAND_MEMBER)
            return (int8_t)((first + i) % HALLS);
    return some_hall(world, ask);
}

/* Mostly they know it. */
static int8_t some_password(rights_t *world, int nick)
{
    const account_model_t *account = account_named(&world->model, nick);
    if (account && rights_draw(world, 4) > 0)
        return account->password;
    return (int8_t)rights_draw(world, PASSWORDS);
}

static uint64_t some_end(rights_t *world)
{
    switch (rights_draw(world, 10)) {
    case 0:
    case 1:
        return 0;
    case 2:
        return rights_wall(world);
    }
    return rights_wall(world) + 1 +
           (uint64_t)rights_draw(world, rights_draw(world, 2) ? SHORT_MS : END_MS);
}

static void aim_at(rights_t *world, ask_t *ask)
{
    int chance = rights_draw(world, 10);
    ask->has_target = true;
    ask->at = chance < 5 ? AT_NICK : chance < 7 ? AT_ACCOUNT : chance < 8 ? AT_KEY : AT_NETWORK;
    ask->nick = rights_draw(world, 3) > 0 ? nick_here(world) : nick_of_account(world);
    ask->network = (int8_t)rights_draw(world, NETWORKS);
    ask->key = world->doors[rights_draw(world, DOORS)].key;
    if (ask->at == AT_KEY && ask->key == 0)
        ask->key = world->keys;
    if (ask->at == AT_NETWORK && (ask->network == 3 || ask->network == 6) &&
        rights_draw(world, 3) > 0)
        ask->network = 1;
}

/* Mostly at one that there is. */
static void aim_at_sentence(rights_t *world, ask_t *ask)
{
    const sentences_t *list =
        ask->hall == NONE ? &world->model.sentences : &world->model.halls[ask->hall].sentences;
    if (list->count == 0 || rights_draw(world, 4) == 0)
        return;
    const sentence_t *sentence = &list->list[rights_draw(world, (int)list->count)];
    ask->op = sentence->is_ban ? OP_unban : OP_unmute;
    ask->at = sentence->at;
    ask->key = sentence->value;
    ask->network = (int8_t)(sentence->at == AT_NETWORK ? (int)sentence->value : NONE);
    if (sentence->at <= AT_ACCOUNT)
        ask->nick = sentence->name;
}

static void judge(rights_t *world, ask_t *ask)
{
    static const op_t OPS[] = {OP_ban,   OP_ban,    OP_ban,  OP_mute, OP_mute,
                               OP_unban, OP_unmute, OP_kick, OP_kick, OP_bans};
    ask->op = OPS[rights_draw(world, 10)];
    if (rights_draw(world, 5) > 1)
        ask->hall = ruled_hall(world, ask);
    if (ask->op == OP_bans)
        return;
    aim_at(world, ask);
    if (ask->hall != NONE && ask->at > AT_ACCOUNT && rights_draw(world, 8) > 0)
        ask->at = AT_NICK;
    if (ask->op == OP_unban || ask->op == OP_unmute)
        aim_at_sentence(world, ask);
    bool has_words = ask->op == OP_ban || ask->op == OP_mute;
    if (has_words)
        ask->until_ms = some_end(world);
    if (has_words || ask->op == OP_kick)
        ask->reason = (int8_t)(rights_draw(world, REASONS + 1) - 1);
}

/* An operator who waits for a hash may be none when it is there. */
static void depose(rights_t *world, ask_t *ask)
{
    if (world->job_count == 0 || rights_draw(world, 2) == 0)
        return;
    const ask_t *job = &world->jobs[rights_draw(world, (int)world->job_count)].ask;
    const guest_t *guest = guest_of(&world->model, job->guest);
    if (guest == NULL || !is_operator_account(&world->model, guest))
        return;
    ask->nick = guest->nick;
    ask->makes_operator = false;
}

static void manage(rights_t *world, ask_t *ask)
{
    static const op_t OPS[] = {OP_account_add,  OP_account_add,      OP_account_remove,
                               OP_account_role, OP_account_role,     OP_account_role,
                               OP_account_role, OP_account_password, OP_accounts,
                               OP_audit,        OP_room_remove};
    ask->op = OPS[rights_draw(world, 11)];
    if (rights_draw(world, 60) == 0)
        ask->op = OP_shutdown;
    ask->makes_operator = rights_draw(world, 3) > 0;
    if (ask->op == OP_room_remove)
        ask->hall = some_hall(world, ask);
    else if (ask->op == OP_account_add)
        ask->nick = some_nick(world);
    else if (ask->op != OP_shutdown && ask->op != OP_audit && ask->op != OP_accounts)
        ask->nick = nick_of_account(world);
    if (ask->op == OP_account_role)
        depose(world, ask);
    if (ask->op == OP_account_add)
        ask->password = (int8_t)rights_draw(world, PASSWORDS);
    if (ask->op == OP_account_password)
        ask->new_password = (int8_t)rights_draw(world, PASSWORDS);
}

static void be_somebody(rights_t *world, ask_t *ask)
{
    static const op_t OPS[] = {OP_register, OP_register, OP_login, OP_login,
                               OP_login,    OP_password, OP_nick,  OP_nick};
    const guest_t *guest = who_asks(world, ask);
    ask->op = OPS[rights_draw(world, 8)];
    int nick = guest ? guest->nick.number : 0;
    if (ask->op == OP_login || ask->op == OP_nick) {
        ask->nick = ask->op == OP_login ? nick_of_account(world) : some_nick(world);
        nick = ask->nick.number;
    }
    if (ask->op != OP_nick)
        ask->password = some_password(world, nick);
    if (ask->op == OP_password)
        ask->new_password = (int8_t)rights_draw(world, PASSWORDS);
}

static void speak(rights_t *world, ask_t *ask)
{
    static const op_t OPS[] = {OP_say, OP_say, OP_say, OP_say, OP_tell, OP_status};
    ask->op = OPS[rights_draw(world, 6)];
    ask->is_private = rights_draw(world, 2) == 0;
    if (ask->op == OP_say)
        ask->hall = hall_among(world, who_asks(world, ask) ? who_asks(world, ask)->halls : 0);
    if (ask->op == OP_tell)
        ask->nick = nick_here(world);
    if (ask->op == OP_status)
        return;
    ask->text = ledger_new_text(&world->ledger, 0, ask->op == OP_tell);
}

static void move(rights_t *world, ask_t *ask)
{
    static const op_t OPS[] = {OP_join, OP_join,    OP_join,  OP_join,   OP_join,   OP_part,
                               OP_who,  OP_history, OP_rooms, OP_invite, OP_invite, OP_bye};
    ask->op = OPS[rights_draw(world, 12)];
    if (ask->op == OP_bye || ask->op == OP_rooms)
        return;
    uint32_t tempting = tempting_halls(world, who_asks(world, ask));
    ask->hall = ask->op == OP_join
                    ? hall_among(world, rights_draw(world, 2) ? tempting : private_halls(world))
                    : some_hall(world, ask);
    ask->is_private = ask->op == OP_join &&
                      (ask->hall > 2 ? rights_draw(world, 5) > 0 : rights_draw(world, 6) == 0);
    if (ask->op == OP_history && rights_draw(world, 4) == 0)
        ask->hall = NONE;
    if (ask->op != OP_invite)
        return;
    if (who_asks(world, ask))
        ask->hall = hall_among(world, private_halls(world) & who_asks(world, ask)->halls);
    ask->nick = nick_here(world);
    ask->until_ms = rights_draw(world, 2) == 0 ? some_end(world) : 0;
}

static void rule(rights_t *world, ask_t *ask)
{
    ask->op = rights_draw(world, 3) > 0 ? OP_role : OP_slow;
    ask->hall = ruled_hall(world, ask);
    ask->slow_ms = rights_draw(world, 3) == 0 ? 0 : (uint32_t)(200 + rights_draw(world, SHORT_MS));
    ask->stand = (stand_t)rights_draw(world, 3);
    if (ask->op == OP_role)
        ask->nick = nick_here(world);
}

static bool take_token(rights_t *world, ask_t *ask)
{
    for (int tries = 0; tries < 8; tries++) {
        const guest_t *guest = &world->model.guests[rights_draw(world, GUESTS)];
        if (guest->id == 0 || guest->token_size == 0 || guest->fresh >= LIMIT_TOKENS_LIVE - 1 ||
            (guest->link && rights_draw(world, 6) > 0))
            continue;
        ask->op = OP_resume;
        memcpy(ask->token, guest->token, guest->token_size);
        ask->token_size = guest->token_size;
        for (int door = 0; door < DOORS && rights_draw(world, 4) > 0; door++)
            if (world->doors[door].key == guest->key && rights_draw(world, 2) == 0)
                ask->door = (int8_t)door;
        return true;
    }
    return false;
}

static void greet(rights_t *world, ask_t *ask)
{
    ask->op = OP_hello;
    ask->nick = some_nick(world);
    for (int tries = 0; tries < 4 && guest_named(&world->model, ask->nick.number); tries++)
        ask->nick = some_nick(world);
    ask->resume_ms = (uint32_t)(500 + rights_draw(world, 6000));
    ask->has_join = rights_draw(world, 3) > 0;
    ask->joins = (uint32_t)rights_draw(world, 1 << HALLS) & (uint32_t)rights_draw(world, 8);
    if (world->doors[ask->door].tells && rights_draw(world, 8) > 0)
        ask->address = (int8_t)rights_draw(world, ADDRESSES);
    if (world->settings.refuses_guests && rights_draw(world, 4) > 0)
        ask->nick = nick_of_account(world);
    if (account_named(&world->model, ask->nick.number) || rights_draw(world, 6) == 0)
        ask->password = some_password(world, ask->nick.number);
}

/* Mostly somebody who is there. */
static void choose_place(rights_t *world, int *out_door, int *out_sid)
{
    *out_door = rights_draw(world, DOORS);
    *out_sid = rights_draw(world, SIDS);
    if (*out_sid == SIDS - 1 && rights_draw(world, 4) > 0)
        *out_door = rights_draw(world, 2); /* where operators need no session */
    if (rights_draw(world, 3) == 0)
        return;
    for (int tries = 0; tries < 10; tries++) {
        int door = rights_draw(world, DOORS), sid = rights_draw(world, SIDS - 1);
        if (!guest_at(&world->model, world->doors[door].link, sid))
            continue;
        *out_door = door;
        *out_sid = sid;
        return;
    }
}

void rights_act(rights_t *world)
{
    int door, sid;
    choose_place(world, &door, &sid);
    int chance = rights_draw(world, 100);
    const guest_t *guest = guest_at(&world->model, world->doors[door].link, sid);
    ask_t ask = blank(door, sid, OP_rooms);
    bool is_nobody = sid == SIDS - 1;
    if (!guest && !is_nobody && rights_draw(world, 12) > 0) {
        if (rights_draw(world, 2) == 0 || !take_token(world, &ask))
            greet(world, &ask);
    } else if ((is_nobody && rights_draw(world, 3) > 0) ||
               (is_operator_account(&world->model, guest) && rights_draw(world, 3) == 0)) {
        if (rights_draw(world, 2) == 0)
            judge(world, &ask);
        else
            manage(world, &ask);
    } else if (chance < 24) {
        speak(world, &ask);
    } else if (chance < 48) {
        move(world, &ask);
    } else if (chance < 64) {
        judge(world, &ask);
    } else if (chance < 78) {
        be_somebody(world, &ask);
    } else if (chance < 88) {
        rule(world, &ask);
    } else if (chance < 97) {
        manage(world, &ask);
    } else if (is_nobody || rights_draw(world, 2) == 0) {
        ask.op = OP_rooms;
    } else if (!take_token(world, &ask)) {
        greet(world, &ask);
    }
    rights_ask(world, &ask);
}

/* --- to compare all that can be asked with the model ---------------------------------------------- */

static void look(rights_t *world, int door, int sid, op_t op, int hall)
{
    ask_t ask = blank(door, sid, op);
    ask.hall = (int8_t)hall;
    rights_ask(world, &ask);
}

void rights_probe(rights_t *world)
{
    uint64_t after = 0;
    look(world, 0, SIDS - 1, OP_accounts, NONE);
    look(world, 0, SIDS - 1, OP_bans, NONE);
    for (int hall = 0; hall < HALLS; hall++)
        look(world, 0, SIDS - 1, OP_bans, hall);
    for (int door = 0; door < DOORS; door++)
        for (int sid = 0; sid < SIDS - 1; sid++) {
            const guest_t *guest = guest_at(&world->model, world->doors[door].link, sid);
            for (int hall = 0; guest && hall < HALLS; hall++)
                if (is_in(guest, hall))
                    look(world, door, sid, OP_who, hall);
        }
    for (uint32_t i = 0; i < world->note_count; i += LIMIT_HISTORY_MAX) {
        ask_t ask = blank(0, SIDS - 1, OP_audit);
        ask.after = after;
        rights_ask(world, &ask);
        after += LIMIT_HISTORY_MAX;
    }
}
