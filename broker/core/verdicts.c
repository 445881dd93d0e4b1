#include "broker/core/verdicts.h"

#include "broker/core/records.h"
#include "broker/core/whence.h"

#include <assert.h>

enum { FOUR_BITS = 96 }; /* in front of an IPv4 address */

person_t person_of(const session_t *session)
{
    assert(session);
    const peer_key_t *key = shared_key_get(session->peer_key);
    person_t person = {.identity = session_identity(session),
                       .uid = session_uid(session),
                       .key = key->is_some ? peer_key_span(key) : (span_t){0}};
    person.has_address = whence_address(session, &person.address);
    return person;
}

/* --- the table ----------------------------------------------------------------------------------- */

static uint32_t *count_of(core_t *core, const target_t *target)
{
    network_t network = target_as_network(target);
    return &core->networks[target_verdict(target)][network.bits];
}

verdict_t *verdicts_find(core_t *core, const target_t *target)
{
    assert(core && target);
    return lookup_find(core->verdicts_by_target, target_span(target));
}

/* Under which a verdict on a guest is found by uid: nobody else's nick is that long. */
static span_t uid_name(const verdict_t *verdict)
{
    return (span_t){verdict->uid, MINT_NAME_CHARS};
}

static lookup_t *by_uid(const core_t *core, const verdict_t *verdict)
{
    return core->verdicts_by_uid[target_verdict(&verdict->target)];
}

/* Those on one guest under several nicks hang behind the one that is found. */
static void add_uid(const core_t *core, verdict_t *verdict)
{
    if (!verdict->has_uid)
        return;
    verdict_t *first = lookup_find(by_uid(core, verdict), uid_name(verdict));
    verdict->next = first ? first->next : NULL;
    if (first)
        first->next = verdict;
    else
        lookup_add(by_uid(core, verdict), &verdict->by_uid, uid_name(verdict), verdict);
}

static void forget_first(const core_t *core, verdict_t *first)
{
    verdict_t *next = first->next;
    lookup_remove(by_uid(core, first), &first->by_uid);
    if (next)
        lookup_add(by_uid(core, next), &next->by_uid, uid_name(next), next);
}

static void forget_uid(const core_t *core, verdict_t *verdict)
{
    if (!verdict->has_uid)
        return;
    verdict_t *before = lookup_find(by_uid(core, verdict), uid_name(verdict));
    if (before == verdict) {
        forget_first(core, verdict);
    } else {
        while (before->next != verdict)
            before = before->next;
        before->next = verdict->next;
    }
    verdict->has_uid = false;
}

static void drop(core_t *core, verdict_t *verdict)
{
    forget_uid(core, verdict);
    lookup_remove(core->verdicts_by_target, &verdict->by_target);
    if (target_kind(&verdict->target) == TARGET_NETWORK)
        --*count_of(core, &verdict->target);
    slab_remove(core->verdicts, verdict->id);
}

void verdicts_remove(core_t *core, verdict_t *verdict)
{
    assert(core && verdict);
    records_verdict_gone(core, verdict);
    drop(core, verdict);
}

static void remove_what_is_over(core_t *core)
{
    verdict_t *verdict;
    for (uint32_t place = 0; (verdict = slab_next(core->verdicts, &place));)
        if (verdict_is_over(verdict, core->now->wall_ms))
            verdicts_remove(core, verdict);
}

static verdict_t *make(core_t *core, const target_t *target)
{
    if (slab_count(core->verdicts) == LIMIT_VERDICTS)
        remove_what_is_over(core);
    uint64_t id;
    verdict_t *verdict = slab_add(core->verdicts, &id);
    if (verdict == NULL)
        return NULL;
    verdict->id = id;
    verdict->target = *target;
    lookup_add(core->verdicts_by_target, &verdict->by_target, target_span(&verdict->target),
               verdict);
    if (target_kind(target) == TARGET_NETWORK)
        ++*count_of(core, target);
    return verdict;
}

verdict_t *verdicts_add(core_t *core, const target_t *target, const verdict_words_t *words)
{
    assert(core && target && words);
    verdict_t *verdict = verdicts_find(core, target);
    if (verdict == NULL)
        verdict = make(core, target);
    if (verdict == NULL)
        return NULL;
    forget_uid(core, verdict);
    verdict_set(verdict, words);
    add_uid(core, verdict);
    return verdict;
}

void verdicts_fini(core_t *core)
{
    assert(core);
    lookup_destroy(&core->verdicts_by_target);
    for (int kind = 0; kind < VERDICT_KINDS; kind++)
        lookup_destroy(&core->verdicts_by_uid[kind]);
    slab_destroy(&core->verdicts);
}

/* --- who is hit ---------------------------------------------------------------------------------- */

/* The verdict, unless it is over. */
static const verdict_t *live(core_t *core, verdict_t *verdict)
{
    if (verdict == NULL || !verdict_is_over(verdict, core->now->wall_ms))
        return verdict;
    verdicts_remove(core, verdict);
    return NULL;
}

static const verdict_t *hit(core_t *core, const target_t *target)
{
    return live(core, verdicts_find(core, target));
}

/* Bits of an address behind the prefix cleared. */
static network_t around(address_t address, unsigned bits)
{
    network_t network = {.first = address, .bits = (uint8_t)bits};
    for (unsigned bit = bits; bit < 8 * sizeof address.bytes; bit++)
        network.first.bytes[bit / 8] &= (uint8_t) ~(0x80U >> bit % 8);
    return network;
}

static const verdict_t *hit_network(core_t *core, verdict_kind_t kind, address_t address)
{
    unsigned bits = network_is_four(address) ? FOUR_BITS : 0;
    const verdict_t *found = NULL;
    for (; bits <= 8 * sizeof address.bytes && found == NULL; bits++) {
        network_t network = around(address, bits);
        target_t target = target_network(kind, &network);
        if (core->networks[kind][bits] > 0)
            found = hit(core, &target);
    }
    return found;
}

/* What is over makes way for the next. */
static const verdict_t *hit_uid(core_t *core, verdict_kind_t kind, span_t uid)
{
    verdict_t *first;
    while ((first = lookup_find(core->verdicts_by_uid[kind], uid)))
        if (live(core, first))
            return first;
    return NULL;
}

static const verdict_t *hit_name(core_t *core, verdict_kind_t kind, const person_t *person)
{
    const verdict_t *found = NULL;
    target_t target;
    if (person->identity.size > 0) {
        target = target_nick(kind, person->identity);
        found = hit(core, &target);
    }
    if (found || person->uid.size == 0)
        return found;
    target = target_account(kind, person->uid.data);
    found = hit(core, &target);
    return found ? found : hit_uid(core, kind, person->uid);
}

const verdict_t *verdicts_hit(core_t *core, verdict_kind_t kind, const person_t *person)
{
    assert(core && person);
    if (slab_count(core->verdicts) == 0)
        return NULL;
    const verdict_t *found = hit_name(core, kind, person);
    if (found == NULL && person->key.size > 0) {
        target_t target = target_key(kind, person->key);
        found = hit(core, &target);
    }
    return found || !person->has_address ? found : hit_network(core, kind, person->address);
}

bool verdict_hits(const verdict_t *verdict, const person_t *person)
{
    assert(verdict && person);
    return target_hits(&verdict->target, person) ||
           (verdict->has_uid && span_equal(uid_name(verdict), person->uid));
}

bool target_hits(const target_t *target, const person_t *person)
{
    assert(target && person);
    switch (target_kind(target)) {
    case TARGET_NICK:
        return span_equal(target_value(target), person->identity);
    case TARGET_ACCOUNT:
        return span_equal(target_value(target), person->uid);
    case TARGET_KEY:
        return span_equal(target_value(target), person->key);
    case TARGET_NETWORK: {
        network_t network = target_as_network(target);
        return person->has_address && network_has(&network, person->address);
    }
    }
    return false;
}

/* --- mutes --------------------------------------------------------------------------------------- */

void verdicts_judge(core_t *core, session_t *session)
{
    assert(core && session);
    person_t person = person_of(session);
    session->is_muted = verdicts_hit(core, VERDICT_MUTE, &person) != NULL;
}

void verdicts_judge_all(core_t *core)
{
    assert(core);
    session_t *session;
    for (uint32_t place = 0; (session = slab_next(core->sessions, &place));)
        verdicts_judge(core, session);
}

bool verdicts_is_muted(core_t *core, session_t *session)
{
    assert(core && session);
    if (session->is_muted)
        verdicts_judge(core, session); /* it may be over */
    return session->is_muted;
}
