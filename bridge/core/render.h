/* bridge/core/render.h - what happens, as lines for a terminal.
 *
 *   [ada]hello                    said in the first room (the lobby), one's own lines included
 *   #tea [ada]hello               said in any other room
 *   [ada -> you]psst              to who is told
 *   [you -> bob]psst              to who tells
 *   | [ada]hello                  said before (the greeting's last lines, /history)
 *   * bob came                    who came, went and took another name; #tea before it in other rooms
 *
 * One log serves everybody in a room, so a line does not depend on who reads it. Every line of a text
 * stands under its speaker's name, and everything foreign is cleaned (bridge/core/clean.h): nobody can
 * forge another's line, move the cursor or turn the writing around. Lines end with CR LF. Pure. */
#ifndef BRIDGE_CORE_RENDER_H
#define BRIDGE_CORE_RENDER_H

#include "bridge/core/phrases.h"
#include "proto/decode.h"

/* What one frame may become: each line of a text gets a name before it. */
enum {
    RENDER_BYTES = 1024 * 1024,
    RENDER_LINE_BYTES = 4 * LIMIT_FRAME_BYTES, /* no line is longer: it grows out of one frame */
    RENDER_TEXT_BYTES = 4 * LIMIT_TEXT_BYTES
};

/* Appends a text, every line after the same words. A longer text than RENDER_TEXT_BYTES, which our
 * brokers do not send, is cut. `room` is used by PHRASE_said_in alone. */
void render_text(buffer_t *out, language_t language, phrase_t before, span_t nick, span_t room,
                 span_t text);

/* A message of a room; `is_first` is its room's: the one that needs no name. */
void render_message(buffer_t *out, language_t language, const message_t *event, span_t room,
                    bool is_first);

/* A private message, for the session whose nick is `own`: told or tells. True: it is their own, to another. */
bool render_private(buffer_t *out, language_t language, const message_t *event, span_t own);

/* A page of `who`: one line per member; returns how many there were. */
size_t render_members(buffer_t *out, language_t language, const message_t *reply);

/* A page of `rooms`, likewise. */
size_t render_rooms(buffer_t *out, language_t language, const message_t *reply);

/* Bans and mutes of a reply to `bans`, likewise; times are UTC. */
size_t render_bans(buffer_t *out, language_t language, const message_t *reply);

/* What was done to somebody in a room, by a phrase with {nick}, {room} and maybe {state}: for how many ms; 0: for good. */
void render_verdict(buffer_t *out, language_t language, phrase_t phrase, span_t nick, span_t room,
                    uint64_t ms);

/* What the session is told by a `muted`, `unmuted` or `role`. */
void render_treatment(buffer_t *out, language_t language, ev_t ev, const message_t *event);

/* The broker's limits, as a welcome tells them. */
void render_limits(buffer_t *out, language_t language, const message_t *welcome);

/* A page of `history`, oldest first, quoted; at most `limit` of the newest. Likewise. */
size_t render_history(buffer_t *out, language_t language, const message_t *reply, size_t limit);

#endif
