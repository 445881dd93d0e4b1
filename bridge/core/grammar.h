/* bridge/core/grammar.h - what a typed line asks for.
 *
 *   who  /who  /who tea           who is here, or in that room
 *   rename|ada  /nick ada         another name
 *   to|bob|a|b  /tell bob a|b     "a|b" to bob alone
 *   /login ada [secret]  /register [secret]  /password [old new]
 *   /join tea  /part  /rooms  /history 20  /status tea time  /help  /quit
 *   /kick bob  /ban bob spam      out of the room one talks in, with a reason or without
 *   /ban bob 2h  /mute bob 10m spam  /invite bob 7d   for so long
 *   /mute bob 10x  /ban bob 10    ORDER_USAGE: a reason does not begin with a digit, a time is meant
 *   /slow 10  /slow 2m  /slow off
 *   hello  //hello  who is it?    said in the room: "hello", "/hello", "who is it?"
 *   to  to|bob  rename  /nick     ORDER_USAGE: a line that tells how
 *   /dance                        ORDER_UNKNOWN
 *   (blanks only)                 ORDER_NOTHING
 *
 * The table is orders.def. Names are not checked here: the broker does. Pure. */
#ifndef BRIDGE_CORE_GRAMMAR_H
#define BRIDGE_CORE_GRAMMAR_H

#include "bridge/core/phrases.h"

typedef enum {
    ORDER_NOTHING,
    ORDER_SAY,
    ORDER_USAGE,
    ORDER_UNKNOWN,
    ORDER_who,
    ORDER_nick,
    ORDER_tell,
    ORDER_join,
    ORDER_part,
    ORDER_rooms,
    ORDER_history,
    ORDER_status,
    ORDER_register,
    ORDER_login,
    ORDER_password,
    ORDER_invite,
    ORDER_kick,
    ORDER_ban,
    ORDER_unban,
    ORDER_mute,
    ORDER_unmute,
    ORDER_role,
    ORDER_slow,
    ORDER_bans,
    ORDER_limits,
    ORDER_help,
    ORDER_quit
} verb_t;

typedef struct {
    verb_t verb;
    span_t name;    /* of a person or a room; empty where it was left out */
    span_t text;    /* said, told, the status, a reason, a role; for ORDER_UNKNOWN the word */
    uint64_t count; /* history: how many lines; 0 where it was left out */
    uint64_t
        ms; /* ban, mute, invite: how long; slow: between two messages; 0: for ever, or not at all */
    span_t secret; /* a password; of ORDER_password the old one; empty where it was left out */
    span_t new_secret;
    phrase_t usage; /* how it is typed */
} order_t;

enum { ORDER_COUNT_MAX = 1000000 };

/* Reads one cleaned line (bridge/core/clean.h). The spans refer to it. */
order_t order_read(span_t line);

#endif
