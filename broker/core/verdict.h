/* broker/core/verdict.h - a ban or a mute: whom it is meant for, until when, and why.
 *
 * The record only; who is hit is found in verdicts.h. A target is a few bytes that compare: what it is, then
 *
 *   TARGET_NICK      the folded nick, of guests
 *   TARGET_ACCOUNT   the account's uid, whatever its nick is by now
 *   TARGET_KEY       the public key that a link came under
 *   TARGET_NETWORK   the bits of the prefix, then the 16 bytes of its first address */
#ifndef BROKER_CORE_VERDICT_H
#define BROKER_CORE_VERDICT_H

#include "broker/core/lookup.h"
#include "broker/core/mint.h"
#include "broker/core/peer_key.h"
#include "proto/names.h"
#include "proto/network.h"

typedef enum { VERDICT_BAN, VERDICT_MUTE } verdict_kind_t;
enum { VERDICT_KINDS = VERDICT_MUTE + 1 };

typedef enum { TARGET_NICK, TARGET_ACCOUNT, TARGET_KEY, TARGET_NETWORK } target_kind_t;

enum { TARGET_BYTES = 2 + NAME_BYTES };
_Static_assert(TARGET_BYTES >= 2 + PEER_KEY_BYTES && TARGET_BYTES >= 3 + 16, "all kinds fit");

/* What it is for, the kind of target, and the target: unique among verdicts. */
typedef struct {
    uint8_t size;
    char bytes[TARGET_BYTES];
} target_t;

/* The targets of a verdict of that kind. */
target_t target_nick(verdict_kind_t kind, span_t identity);
target_t target_account(verdict_kind_t kind, const char *uid);
target_t target_key(verdict_kind_t kind, span_t key); /* PEER_KEY_BYTES (asserted) */
target_t target_network(verdict_kind_t kind, const network_t *network);

/* A target that was written before. False: those bytes are none; *out is untouched. */
HUB_MUST_CHECK bool target_read(span_t bytes, target_t *out);

static inline span_t target_span(const target_t *self)
{
    return (span_t){self->bytes, self->size};
}

static inline verdict_kind_t target_verdict(const target_t *self)
{
    return self->bytes[0] == 'm' ? VERDICT_MUTE : VERDICT_BAN;
}

target_kind_t target_kind(const target_t *self);

/* What follows the two kinds: the nick, the uid, the key. */
static inline span_t target_value(const target_t *self)
{
    return (span_t){self->bytes + 2, self->size - 2u};
}

/* The network of a TARGET_NETWORK (asserted). */
network_t target_as_network(const target_t *self);

enum { VERDICT_BY_BYTES = 64, VERDICT_REASON_BYTES = 128 };

typedef struct verdict {
    uint64_t id;
    target_t target;
    lookup_key_t by_target, by_uid;
    struct verdict *next;      /* on the same guest under another nick; NULL: that was the last */
    bool is_dirty;             /* its record is to be written */
    bool has_uid;              /* of the guest who had the nick, and is meant under any other too */
    char uid[MINT_NAME_CHARS]; /* likewise */
    uint64_t at_ms, until_ms;  /* wall clock; until 0: for ever */
    uint8_t name_size, by_size, reason_size;
    char name[NAME_BYTES];                 /* of a nick or account, as it was written then */
    char by[VERDICT_BY_BYTES];             /* whose verdict it is */
    char reason[VERDICT_REASON_BYTES + 1]; /* with a zero */
} verdict_t;

/* What is said of a verdict when it is made. Longer texts are cut at what fits. */
typedef struct {
    span_t name, by, reason;
    span_t uid; /* MINT_NAME_CHARS, or empty */
    uint64_t at_ms, until_ms;
} verdict_words_t;

/* Takes all that is said. */
void verdict_set(verdict_t *self, const verdict_words_t *words);

static inline span_t verdict_name(const verdict_t *self)
{
    return (span_t){self->name, self->name_size};
}

static inline span_t verdict_by(const verdict_t *self)
{
    return (span_t){self->by, self->by_size};
}

static inline span_t verdict_reason(const verdict_t *self)
{
    return (span_t){self->reason, self->reason_size};
}

static inline bool verdict_is_over(const verdict_t *self, uint64_t wall_ms)
{
    return self->until_ms > 0 && wall_ms >= self->until_ms;
}

#endif
