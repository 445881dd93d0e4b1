/* tests/sim/rights_rules.h - what the files of the rules share; see rights.h. */
#ifndef TESTS_SIM_RIGHTS_RULES_H
#define TESTS_SIM_RIGHTS_RULES_H

#include "tests/sim/rights.h"

static inline fate_t refused(hub_err_t err)
{
    return (fate_t){.err = err, .hall = NONE};
}

static inline fate_t done(void)
{
    return (fate_t){.changes = true, .hall = NONE};
}

static inline fate_t seen(void)
{
    return (fate_t){.hall = NONE};
}

/* Who asks; NULL: nobody is there. */
guest_t *rules_asker(rights_t *world, const ask_t *ask);

/* rights_come.c: coming in, and accounts. */
bool rules_is_banned(rights_t *world, const person_model_t *person);
void rules_make_hall(rights_t *world, const guest_t *founder, int hall, bool is_private);
hub_err_t rules_may_see(const hall_t *hall, const guest_t *guest, int number);
/* Out of the rooms from which they are banned, being somebody else or less than before. */
void rules_put_out(rights_t *world, guest_t *guest);
fate_t rules_hello(rights_t *world, ask_t *ask, const hub_err_t *hashed);
fate_t rules_resume(rights_t *world, const ask_t *ask);
fate_t rules_login(rights_t *world, ask_t *ask, guest_t *guest, const hub_err_t *hashed);
fate_t rules_register(rights_t *world, const ask_t *ask, guest_t *guest, const hub_err_t *hashed);
fate_t rules_password(rights_t *world, ask_t *ask, const guest_t *guest, const hub_err_t *hashed);
fate_t rules_add_account(rights_t *world, const ask_t *ask, const hub_err_t *hashed);
fate_t rules_change_account(rights_t *world, ask_t *ask, const hub_err_t *hashed);

/* rights_judge.c: bans, mutes, roles. */
fate_t rules_sentence(rights_t *world, const ask_t *ask);
fate_t rules_lift(rights_t *world, const ask_t *ask);
fate_t rules_note_hall(rights_t *world, const ask_t *ask, fate_t fate, bool was_operator);
fate_t rules_moderate(rights_t *world, const ask_t *ask);
fate_t rules_role(rights_t *world, const ask_t *ask);
fate_t rules_slow(rights_t *world, const ask_t *ask);
fate_t rules_remove_hall(rights_t *world, const ask_t *ask);

#endif
