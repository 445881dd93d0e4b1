/* broker/core/links.h - how links come and go.
 *
 * A link is known from its first hello, resume or ping until it is silent for three heartbeats, ROUTER no
 * longer knows it, or it does not read what is sent to it. Its sessions are then detached. One without a
 * session is forgotten after 10 s. */
#ifndef BROKER_CORE_LINKS_H
#define BROKER_CORE_LINKS_H

#include "broker/core/state.h"

/* Events that a link may replay at once. */
enum { REPLAY_BURST = 4 * LIMIT_REPLAY_MAX };

/* The link of a peer, NULL if it is not known. */
link_t *link_find(core_t *core, peer_t peer);

/* The same, if it came under that key. A link under another key is lost: ROUTER gives a routing id out
 * again once its connection has gone, to whoever claims it. */
link_t *link_under_key(core_t *core, peer_t peer, const peer_key_t *key);

/* Makes a link for a peer that has none, under that key. NULL: links_max are there. */
link_t *link_make(core_t *core, peer_t peer, const peer_key_t *key);

/* Anything came over the link. */
void link_heard(const core_t *core, link_t *link);

/* The link is lost: its sessions are detached, the record is freed. */
void link_lose(core_t *core, link_t *link);

/* The link's deadline has come: is it silent, does it not read? */
void link_is_due(core_t *core, link_t *link);

/* It carries no session any more: in 10 s it is forgotten, unless an answer to it still waits. Nothing of it is told to
 * anybody: whatever comes over it makes it anew. */
void link_is_bare(core_t *core, link_t *link);

/* An answer to it is about to be held until the store has what it depends on: till then the link is not forgotten for
 * carrying no session. */
void link_is_owed(const core_t *core, link_t *link);

/* Too much waits for a peer that has no link: it is thrown away, since it does not read. */
void peer_is_slow(core_t *core, peer_t peer);

/* So many bytes wait for the link now. Too many: it is lost, and told nothing, since it does not read. */
void link_waits(core_t *core, link_t *link, uint64_t bytes);

#endif
