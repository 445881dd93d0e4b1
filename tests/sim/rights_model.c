/* What is so: people, accounts, rooms, bans and mutes, as the protocol has them. */
#include "tests/sim/rights.h"

#include <assert.h>
#include <stdio.h>

/* --- names ---------------------------------------------------------------------------------------- */

static const char *const NAMES[NICKS][2] = {{"ada", "Ada"}, {"bob", "Bob"}, {"eve", "Eve"},
                                            {"kim", "Kim"}, {"max", "Max"}, {"zoe", "ZOE"},
                                            {"ivo", "iVo"}};
static const char *const HALL_NAMES[HALLS] = {"lobby", "tea", "hall", "den", "attic", "crypt"};

/* Which networks an address is in was written down by hand: bit n for network n. */
static const struct {
    const char *text;
    uint32_t networks;
} ADDRESS[ADDRESSES] = {
    {"192.0.2.7", 0x0b},
    {"192.0.2.200", 0x09},
    {"198.51.100.9", 0x0c},
    {"::ffff:192.0.2.7", 0x0b},
    {"2001:db8::7", 0x70},
    {"2001:db8:0:0:1::1", 0x70},
    {"[2001:db8:1::1]:40312", 0x60},
};
static const char *const NETWORK[NETWORKS] = {"192.0.2.0/24", "192.0.2.7",     "198.51.100.0/24",
                                              "0.0.0.0/0",    "2001:db8::/64", "2001:db8::/32",
                                              "::/0"};
static const char *const REASON[REASONS] = {"spam", "noise", "again"};
static const char *const PASSWORD[PASSWORDS] = {"open sesame", "correct horse", "battery staple",
                                                "hunter two"};

span_t nick_text(called_t nick)
{
    return span_of(nick.number == NONE ? "@operator" : NAMES[nick.number][nick.is_capital]);
}

span_t hall_text(int hall)
{
    return span_of(HALL_NAMES[hall]);
}

span_t address_text(int address)
{
    return span_of(ADDRESS[address].text);
}

span_t network_text(int network)
{
    return span_of(NETWORK[network]);
}

span_t reason_text(int reason)
{
    return reason == NONE ? (span_t){"", 0} : span_of(REASON[reason]);
}

span_t password_text(int password)
{
    return span_of(PASSWORD[password]);
}

void key_bytes(uint32_t key, char out[PEER_KEY_BYTES])
{
    for (int i = 0; i < PEER_KEY_BYTES; i++)
        out[i] = (char)(key + (uint32_t)i);
}

int hall_number(span_t name)
{
    for (int i = 0; i < HALLS; i++)
        if (span_is(name, HALL_NAMES[i]))
            return i;
    return NONE;
}

/* --- who is there --------------------------------------------------------------------------------- */

guest_t *guest_of(model_t *self, uint32_t id)
{
    for (int i = 0; i < GUESTS; i++)
        if (id && self->guests[i].id == id)
            return &self->guests[i];
    return NULL;
}

guest_t *guest_at(model_t *self, uint32_t link, int sid)
{
    for (int i = 0; i < GUESTS; i++)
        if (link && self->guests[i].id && self->guests[i].link == link &&
            self->guests[i].sid == sid)
            return &self->guests[i];
    return NULL;
}

guest_t *guest_named(model_t *self, int nick)
{
    for (int i = 0; i < GUESTS; i++)
        if (self->guests[i].id && self->guests[i].nick.number == nick)
            return &self->guests[i];
    return NULL;
}

account_model_t *account_of(model_t *self, uint32_t id)
{
    for (int i = 0; i < ACCOUNTS; i++)
        if (id && self->accounts[i].id == id)
            return &self->accounts[i];
    return NULL;
}

account_model_t *account_named(model_t *self, int nick)
{
    for (int i = 0; i < ACCOUNTS; i++)
        if (self->accounts[i].id && self->accounts[i].nick.number == nick)
            return &self->accounts[i];
    return NULL;
}

guest_t *guest_in(model_t *self, uint32_t account)
{
    for (int i = 0; i < GUESTS; i++)
        if (account && self->guests[i].id && self->guests[i].account == account)
            return &self->guests[i];
    return NULL;
}

bool is_operator_account(model_t *self, const guest_t *guest)
{
    const account_model_t *account = guest ? account_of(self, guest->account) : NULL;
    return account && account->is_operator;
}

bool is_operator_guest(model_t *self, const guest_t *guest)
{
    return guest && (guest->is_operator || is_operator_account(self, guest));
}

bool is_in(const guest_t *guest, int hall)
{
    return guest->halls >> hall & 1;
}

uint32_t hall_members(const model_t *self, int hall)
{
    uint32_t count = 0;
    for (int i = 0; i < GUESTS; i++)
        count += self->guests[i].id && is_in(&self->guests[i], hall);
    return count;
}

/* --- roles and invitations ------------------------------------------------------------------------ */

stand_t stand_of(const hall_t *hall, uint32_t uid)
{
    for (uint32_t i = 0; i < hall->holder_count; i++)
        if (hall->holders[i].uid == uid)
            return hall->holders[i].stand;
    return STAND_MEMBER;
}

static bool is_anybody(const model_t *self, uint32_t uid)
{
    for (int i = 0; i < GUESTS; i++)
        if (self->guests[i].id && self->guests[i].uid == uid)
            return true;
    for (int i = 0; i < ACCOUNTS; i++)
        if (self->accounts[i].id && self->accounts[i].uid == uid)
            return true;
    return false;
}

void set_stand(model_t *self, hall_t *hall, uint32_t uid, stand_t stand)
{
    for (uint32_t i = hall->holder_count; i-- > 0;) {
        const holder_model_t *holder = &hall->holders[i];
        if (holder->uid == uid || (stand == STAND_OWNER && holder->stand == STAND_OWNER) ||
            !is_anybody(self, holder->uid))
            hall->holders[i] = hall->holders[--hall->holder_count];
    }
    assert(hall->holder_count < HOLDERS);
    if (stand != STAND_MEMBER)
        hall->holders[hall->holder_count++] = (holder_model_t){uid, stand};
}

bool is_invited(const hall_t *hall, uint32_t guest)
{
    for (uint32_t i = 0; i < hall->invited_count; i++)
        if (hall->invited[i].guest == guest)
            return true;
    return false;
}

void uninvite(hall_t *hall, uint32_t guest)
{
    for (uint32_t i = hall->invited_count; i-- > 0;)
        if (hall->invited[i].guest == guest)
            hall->invited[i] = hall->invited[--hall->invited_count];
}

/* --- bans and mutes ------------------------------------------------------------------------------- */

person_model_t person_model(const guest_t *guest)
{
    return (person_model_t){guest->nick.number, guest->address, guest->uid, guest->key};
}

static bool is_target(const sentence_t *sentence, const person_model_t *person)
{
    switch (sentence->at) {
    case AT_NICK:
        return person->nick == (int)sentence->value;
    case AT_ACCOUNT:
        return person->uid && person->uid == sentence->value;
    case AT_KEY:
        return person->key && person->key == sentence->value;
    case AT_NETWORK:
        return person->address != NONE &&
               (ADDRESS[person->address].networks >> sentence->value & 1);
    }
    return false;
}

bool sentence_means(const sentence_t *sentence, const person_model_t *person)
{
    return is_target(sentence, person) || (sentence->uid && sentence->uid == person->uid);
}

bool sentence_is_live(const sentence_t *sentence, uint64_t wall_ms)
{
    return sentence->until_ms == 0 || wall_ms < sentence->until_ms;
}

bool is_sentenced(const sentences_t *list, bool is_ban, const person_model_t *person,
                  uint64_t wall_ms)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (list->list[i].is_ban == is_ban && sentence_is_live(&list->list[i], wall_ms) &&
            sentence_means(&list->list[i], person))
            return true;
    return false;
}

bool is_above(model_t *self, int hall, const guest_t *guest)
{
    return is_operator_guest(self, guest) ||
           stand_of(&self->halls[hall], guest->uid) > STAND_MEMBER;
}

bool is_barred(model_t *self, int hall, const guest_t *guest, uint64_t wall_ms)
{
    person_model_t person = person_model(guest);
    person.key = 0;
    return !is_above(self, hall, guest) &&
           is_sentenced(&self->halls[hall].sentences, true, &person, wall_ms);
}

void pass_sentence(sentences_t *list, const sentence_t *sentence, uint64_t wall_ms)
{
    for (uint32_t i = list->count; i-- > 0;) {
        const sentence_t *old = &list->list[i];
        bool is_same = old->is_ban == sentence->is_ban && old->at == sentence->at &&
                       old->value == sentence->value;
        if (is_same || !sentence_is_live(old, wall_ms))
            list->list[i] = list->list[--list->count];
    }
    assert(list->count < SENTENCES);
    list->list[list->count++] = *sentence;
}

/* --- coming and going ----------------------------------------------------------------------------- */

void forget_hall(model_t *self, int hall)
{
    self->halls[hall] = (hall_t){0};
    for (int i = 0; i < ACCOUNTS; i++)
        self->accounts[i].halls &= ~(1U << hall);
}

void leave_hall(model_t *self, guest_t *guest, int hall)
{
    (void)self;
    guest->halls &= ~(1U << hall);
}

void enter_hall(model_t *self, guest_t *guest, int hall, uint64_t now_ms)
{
    uninvite(&self->halls[hall], guest->id);
    guest->halls |= 1U << hall;
    guest->said_ms[hall] = self->halls[hall].slow_ms > 0 ? now_ms : 0;
}

void end_guest(model_t *self, guest_t *guest)
{
    account_model_t *account = account_of(self, guest->account);
    if (account)
        account->halls = guest->halls;
    guest->account = 0;
    for (int hall = 0; hall < HALLS; hall++)
        if (is_in(guest, hall))
            leave_hall(self, guest, hall);
    for (int hall = 0; hall < HALLS; hall++)
        uninvite(&self->halls[hall], guest->id);
    *guest = (guest_t){0};
}

void detach_guest(guest_t *guest, uint64_t now_ms)
{
    guest->link = 0;
    guest->gone_ms = now_ms;
}

void model_passes(model_t *self, uint64_t now_ms, uint64_t wall_ms)
{
    for (int i = 0; i < GUESTS; i++) {
        guest_t *guest = &self->guests[i];
        if (guest->id && guest->link == 0 && now_ms >= guest->gone_ms + guest->resume_ms)
            end_guest(self, guest);
    }
    for (int i = 0; i < HALLS; i++)
        for (uint32_t j = self->halls[i].invited_count; j-- > 0;)
            if (self->halls[i].invited[j].until_ms && self->halls[i].invited[j].until_ms <= wall_ms)
                self->halls[i].invited[j] = self->halls[i].invited[--self->halls[i].invited_count];
}

/* --- what has to hold ----------------------------------------------------------------------------- */

/* Was in, as the same person, and came over an operator's link until then, or was banned before: a link is no act of somebody's. */
static bool is_as_before(rights_t *world, const guest_t *guest, const guest_t *then, int hall)
{
    return then && is_in(then, hall) && then->uid == guest->uid &&
           (then->is_operator || is_barred(&world->before, hall, then, rights_wall(world)));
}

static void check_guest(rights_t *world, const guest_t *guest)
{
    model_t *model = &world->model;
    uint64_t wall_ms = rights_wall(world);
    person_model_t person = person_model(guest);
    const guest_t *then = guest_of(&world->before, guest->id);
    span_t name = nick_text(guest->nick);
    const account_model_t *account = account_named(model, guest->nick.number);
    if (account && account->id != guest->account)
        violated("%.*s is registered, and had by somebody else", SPAN_ARGS(name));
    if (guest_named(model, guest->nick.number) != guest)
        violated("two are called %.*s", SPAN_ARGS(name));
    if (!guest->is_exempt && is_sentenced(&model->sentences, true, &person, wall_ms))
        violated("%.*s is banned, and is here", SPAN_ARGS(name));
    for (int hall = 0; hall < HALLS; hall++)
        if (is_in(guest, hall) && !is_as_before(world, guest, then, hall) &&
            is_barred(model, hall, guest, wall_ms))
            violated("%.*s is banned from %s, and is in it", SPAN_ARGS(name), HALL_NAMES[hall]);
}

static bool has_rank(const ask_t *ask, bool was_operator, const model_t *before, int hall)
{
    const hall_t *room = &before->halls[hall];
    const guest_t *by = guest_of((model_t *)before, ask->guest);
    return was_operator || (by && stand_of(room, by->uid) == STAND_OWNER);
}

/* Rights rise by who has the right to give them, or with a room that was not there before. */
static void check_rises(rights_t *world, const ask_t *ask, bool was_operator)
{
    const model_t *before = &world->before;
    for (int i = 0; i < ACCOUNTS; i++) {
        const account_model_t *now = &world->model.accounts[i];
        const account_model_t *then = account_of((model_t *)before, now->id);
        if (now->id && now->is_operator && (then == NULL || !then->is_operator) &&
            !(ask && was_operator))
            violated("%.*s was made an operator by nobody", SPAN_ARGS(nick_text(now->nick)));
    }
    for (int hall = 0; hall < HALLS; hall++) {
        const hall_t *now = &world->model.halls[hall], *then = &before->halls[hall];
        for (uint32_t i = 0; i < now->holder_count && now->life == then->life; i++)
            if (now->holders[i].stand > stand_of(then, now->holders[i].uid) &&
                !(ask && has_rank(ask, was_operator, before, hall)))
                violated("somebody has risen in %s by nobody", HALL_NAMES[hall]);
    }
}

void model_check(rights_t *world, const ask_t *ask, bool was_operator)
{
    for (int i = 0; i < GUESTS; i++)
        if (world->model.guests[i].id)
            check_guest(world, &world->model.guests[i]);
    check_rises(world, ask, was_operator);
}
