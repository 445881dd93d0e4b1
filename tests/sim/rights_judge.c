/* Bans and mutes, of the broker and in rooms; roles, slow rooms, the end of a room. */
#include "tests/sim/rights_rules.h"

#include <assert.h>

enum { CLOSED_MS = 10000 };

/* --- bans and mutes of the broker ----------------------------------------------------------------- */

/* Whom a request means, as it would be written down. HUB_NO_SUCH_NICK: there is no such account. */
static hub_err_t aim(rights_t *world, const ask_t *ask, sentence_t *out)
{
    const account_model_t *account = account_named(&world->model, ask->nick.number);
    *out = (sentence_t){.at = ask->at, .name = ask->nick, .reason = ask->reason};
    if (ask->at == AT_KEY)
        out->value = ask->key;
    if (ask->at == AT_NETWORK)
        out->value = (uint32_t)ask->network;
    if (ask->at == AT_ACCOUNT && account == NULL)
        return HUB_NO_SUCH_NICK;
    if (ask->at <= AT_ACCOUNT && account) {
        out->at = AT_ACCOUNT;
        out->value = account->uid;
        out->name = account->nick;
    } else if (ask->at == AT_NICK) {
        const guest_t *guest = guest_named(&world->model, ask->nick.number);
        out->value = (uint32_t)ask->nick.number;
        out->uid = guest ? guest->uid : 0;
    }
    return HUB_OK;
}

static fate_t note_aim(fate_t fate, const sentence_t *sentence, uint32_t count)
{
    fate.is_noted = fate.has_target = fate.changes = true;
    fate.at = sentence->at;
    fate.name = sentence->name;
    fate.key = fate.at == AT_KEY ? sentence->value : 0;
    fate.network = (int8_t)(fate.at == AT_NETWORK ? (int)sentence->value : NONE);
    fate.count = count;
    return fate;
}

static uint32_t meet_all(rights_t *world, const ask_t *ask, const sentence_t *target, bool is_out)
{
    uint32_t count = 0;
    sentence_t bare = *target;
    bare.uid = 0;
    for (int i = 0; i < GUESTS; i++) {
        guest_t *guest = &world->model.guests[i];
        person_model_t person = person_model(guest);
        if (guest->id == 0 || !sentence_means(&bare, &person))
            continue;
        if (is_out && guest->id == ask->guest) {
            guest->is_exempt |= ask->op == OP_ban;
            continue;
        }
        count++;
        if (is_out)
            end_guest(&world->model, guest);
    }
    return count;
}

fate_t rules_sentence(rights_t *world, const ask_t *ask)
{
    sentence_t target;
    hub_err_t err = aim(world, ask, &target);
    if (err != HUB_OK)
        return refused(err);
    fate_t fate = done();
    if (ask->op != OP_kick) {
        if (ask->until_ms && ask->until_ms <= rights_wall(world))
            return refused(HUB_BAD_REQUEST);
        target.is_ban = ask->op == OP_ban;
        target.until_ms = ask->until_ms;
        const guest_t *by = rules_asker(world, ask);
        target.by = by ? by->nick : (called_t){NONE, false};
        if (target.is_ban)
            target.uid = 0;
        pass_sentence(&world->model.sentences, &target, rights_wall(world));
    }
    uint32_t count = meet_all(world, ask, &target, ask->op != OP_mute);
    if (ask->op == OP_kick && count == 0)
        return refused(HUB_NO_SUCH_NICK);
    fate.has_count = true;
    return note_aim(fate, &target, count);
}

/* The one of that target; or of the guest who had the nick before it was registered. NULL: there is none, or it is over. */
static sentence_t *find_sentence(sentences_t *list, sentence_t target, bool is_ban,
                                 uint64_t wall_ms)
{
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < list->count; i++) {
            sentence_t *old = &list->list[i];
            if (old->is_ban == is_ban && old->at == target.at && old->value == target.value)
                return sentence_is_live(old, wall_ms) ? old : NULL;
        }
        if (target.at != AT_ACCOUNT)
            return NULL;
        target.at = AT_NICK;
        target.value = (uint32_t)target.name.number;
    }
    return NULL;
}

static void lift(sentences_t *list, sentence_t *sentence)
{
    *sentence = list->list[--list->count];
}

static bool is_about_bans(op_t op)
{
    return op == OP_ban || op == OP_unban || op == OP_kick;
}

fate_t rules_lift(rights_t *world, const ask_t *ask)
{
    sentence_t target;
    hub_err_t err = aim(world, ask, &target);
    if (err != HUB_OK)
        return refused(err);
    sentence_t *sentence =
        find_sentence(&world->model.sentences, target, is_about_bans(ask->op), rights_wall(world));
    if (sentence == NULL)
        return refused(HUB_NO_SUCH_BAN);
    lift(&world->model.sentences, sentence);
    return note_aim(done(), &target, 0);
}

/* --- within a room -------------------------------------------------------------------------------- */

typedef struct {
    account_model_t *account;
    guest_t *guest;
    uint32_t uid;
    stand_t stand;
} whom_model_t;

static whom_model_t find_whom(rights_t *world, const hall_t *hall, int nick)
{
    whom_model_t whom = {.account = account_named(&world->model, nick)};
    whom.guest =
        whom.account ? guest_in(&world->model, whom.account->id) : guest_named(&world->model, nick);
    whom.uid = whom.account ? whom.account->uid : whom.guest ? whom.guest->uid : 0;
    whom.stand = whom.uid ? stand_of(hall, whom.uid) : STAND_MEMBER;
    if ((whom.account && whom.account->is_operator) || is_operator_guest(&world->model, whom.guest))
        whom.stand = STAND_OPERATOR;
    return whom;
}

static stand_t stand_of_asker(rights_t *world, const ask_t *ask)
{
    if (asks_as_operator(world, ask))
        return STAND_OPERATOR;
    return stand_of(&world->model.halls[ask->hall], rules_asker(world, ask)->uid);
}

static hub_err_t may_moderate(rights_t *world, const ask_t *ask, stand_t least)
{
    const hall_t *hall = &world->model.halls[ask->hall];
    if (!hall->is_there)
        return HUB_NO_SUCH_ROOM;
    if (asks_as_operator(world, ask))
        return HUB_OK;
    hub_err_t err = rules_may_see(hall, rules_asker(world, ask), ask->hall);
    if (err != HUB_OK)
        return err;
    return stand_of_asker(world, ask) < least ? HUB_DENIED : HUB_OK;
}

fate_t rules_note_hall(rights_t *world, const ask_t *ask, fate_t fate, bool was_operator)
{
    (void)world;
    fate.is_noted = was_operator;
    fate.hall = ask->hall;
    fate.changes = true;
    return fate;
}

static fate_t act_in_hall(rights_t *world, const ask_t *ask, hall_t *hall, sentence_t target,
                          whom_model_t whom)
{
    model_t *model = &world->model;
    bool was_operator = asks_as_operator(world, ask);
    bool is_here = whom.guest && is_in(whom.guest, ask->hall);
    const guest_t *by = rules_asker(world, ask);
    fate_t fate = done();
    target.is_ban = is_about_bans(ask->op);
    target.until_ms = ask->until_ms;
    target.by = by ? by->nick : (called_t){NONE, false};
    bool is_away = whom.account && !whom.guest && (whom.account->halls >> ask->hall & 1);
    if (ask->op == OP_kick && !is_here && !is_away)
        return refused(HUB_NO_SUCH_NICK);
    if (ask->op == OP_mute && whom.stand > STAND_MEMBER)
        return refused(HUB_DENIED);
    if ((ask->op == OP_ban || ask->op == OP_mute) && ask->until_ms &&
        ask->until_ms <= rights_wall(world))
        return refused(HUB_BAD_REQUEST);
    if (ask->op == OP_ban || ask->op == OP_mute)
        pass_sentence(&hall->sentences, &target, rights_wall(world));
    if (ask->op == OP_unban || ask->op == OP_unmute) {
        sentence_t *sentence =
            find_sentence(&hall->sentences, target, target.is_ban, rights_wall(world));
        if (sentence == NULL)
            return refused(HUB_NO_SUCH_BAN);
        if (sentence->uid && stand_of(hall, sentence->uid) >= stand_of_asker(world, ask))
            return refused(HUB_DENIED);
        lift(&hall->sentences, sentence);
    } else {
        fate = note_aim(fate, &target, is_here || (ask->op == OP_kick && is_away));
        fate.has_count = true;
    }
    if ((ask->op == OP_ban || ask->op == OP_kick) && is_away)
        whom.account->halls &= ~(1U << ask->hall);
    if (ask->op == OP_ban && whom.uid)
        set_stand(model, hall, whom.uid, STAND_MEMBER);
    if (ask->op == OP_ban && whom.guest)
        uninvite(hall, whom.guest->id);
    if ((ask->op == OP_ban || ask->op == OP_kick) && is_here)
        leave_hall(model, whom.guest, ask->hall);
    fate = note_aim(fate, &target, fate.count);
    return rules_note_hall(world, ask, fate, was_operator);
}

fate_t rules_moderate(rights_t *world, const ask_t *ask)
{
    hall_t *hall = &world->model.halls[ask->hall];
    hub_err_t err = may_moderate(world, ask, STAND_MODERATOR);
    if (err != HUB_OK)
        return refused(err);
    if (ask->op == OP_bans)
        return seen();
    sentence_t target;
    err = aim(world, ask, &target);
    if (err == HUB_OK && ask->at > AT_ACCOUNT)
        err = HUB_BAD_REQUEST;
    if (err != HUB_OK)
        return refused(err);
    whom_model_t whom = find_whom(world, hall, ask->nick.number);
    if (whom.stand >= stand_of_asker(world, ask))
        return refused(HUB_DENIED);
    return act_in_hall(world, ask, hall, target, whom);
}

fate_t rules_role(rights_t *world, const ask_t *ask)
{
    hall_t *hall = &world->model.halls[ask->hall];
    hub_err_t err = may_moderate(world, ask, STAND_OWNER);
    if (err != HUB_OK)
        return refused(err);
    whom_model_t whom = find_whom(world, hall, ask->nick.number);
    if (whom.uid == 0)
        return refused(HUB_NO_SUCH_NICK);
    const guest_t *by = rules_asker(world, ask);
    stand_t stand = stand_of_asker(world, ask);
    bool hands_over = ask->stand == STAND_OWNER && stand == STAND_OWNER && whom.guest != by;
    set_stand(&world->model, hall, whom.uid, ask->stand);
    if (hands_over)
        set_stand(&world->model, hall, by->uid, STAND_MODERATOR);
    for (int i = 0; i < GUESTS; i++) /* one of two: who it was, and who was owner before */
        if (world->model.guests[i].id && is_in(&world->model.guests[i], ask->hall))
            rules_put_out(world, &world->model.guests[i]);
    fate_t fate = done();
    fate.has_target = true;
    fate.at = AT_NICK;
    fate.name = ask->nick;
    return rules_note_hall(world, ask, fate, stand == STAND_OPERATOR);
}

fate_t rules_slow(rights_t *world, const ask_t *ask)
{
    hub_err_t err = may_moderate(world, ask, STAND_MODERATOR);
    if (err != HUB_OK)
        return refused(err);
    world->model.halls[ask->hall].slow_ms = ask->slow_ms;
    return rules_note_hall(world, ask, done(), stand_of_asker(world, ask) == STAND_OPERATOR);
}

/* Whether it can be removed hangs on what waits for the store: that is seen afterwards. */
fate_t rules_remove_hall(rights_t *world, const ask_t *ask)
{
    hub_err_t err = may_moderate(world, ask, STAND_OWNER);
    if (err != HUB_OK)
        return refused(err);
    fate_t fate = rules_note_hall(world, ask, done(), true);
    fate.count = hall_members(&world->model, ask->hall);
    fate.has_count = fate.may_be_busy = true;
    for (int i = 0; i < GUESTS; i++)
        if (world->model.guests[i].id && is_in(&world->model.guests[i], ask->hall))
            leave_hall(&world->model, &world->model.guests[i], ask->hall);
    for (int i = 0; i < ACCOUNTS; i++)
        world->model.accounts[i].halls &= ~(1U << ask->hall);
    world->model.halls[ask->hall].closed_ms = world->now_ms + CLOSED_MS;
    return fate;
}
