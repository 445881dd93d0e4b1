/* broker/core/verdicts.h - who is banned or muted in the whole broker.
 *
 * Looking costs a few lookups, however many verdicts there are: one by nick, one by uid, one by key, one per
 * length of prefix among the networks. What is over is forgotten when it is come across, and when there is
 * no room for another. Kept by records.h, taken up again by restore_verdict.h. */
#ifndef BROKER_CORE_VERDICTS_H
#define BROKER_CORE_VERDICTS_H

#include "broker/core/state.h"

/* Somebody, as far as is known; empty spans and false: not known. Borrowed. */
typedef struct {
    span_t identity; /* the folded nick */
    span_t uid;
    span_t key;
    bool has_address;
    address_t address;
} person_t;

/* Who the session is. Borrowed until it changes. */
person_t person_of(const session_t *session);

/* A verdict on that target; NULL: there is none. */
verdict_t *verdicts_find(core_t *core, const target_t *target);

/* A new verdict, or what is said anew of the one there is. NULL: there are LIMIT_VERDICTS. */
verdict_t *verdicts_add(core_t *core, const target_t *target, const verdict_words_t *words);

/* Takes it back. */
void verdicts_remove(core_t *core, verdict_t *verdict);

/* The verdict of that kind that hits the person now; NULL: none does. Borrowed until the next change. */
const verdict_t *verdicts_hit(core_t *core, verdict_kind_t kind, const person_t *person);

/* True if the target is meant for that person. */
bool verdict_hits(const verdict_t *verdict, const person_t *person);

/* The same of a target alone. */
bool target_hits(const target_t *target, const person_t *person);

/* Looks anew whether the session is muted. To be called whenever it becomes somebody else. */
void verdicts_judge(core_t *core, session_t *session);

/* The same for all. */
void verdicts_judge_all(core_t *core);

/* True if a mute hits the session now. */
bool verdicts_is_muted(core_t *core, session_t *session);

/* Frees all that is there. */
void verdicts_fini(core_t *core);

#endif
