#include "broker/core/commit.h"

#include "broker/core/deliver.h"
#include "broker/core/notes.h"
#include "broker/core/records.h"
#include "broker/core/request.h"
#include "broker/core/pages.h"
#include "broker/core/retention.h"
#include "broker/core/rooms.h"

#include <assert.h>

void commit_turn(core_t *core)
{
    assert(core);
    notes_write(core);
    records_write(core);
    uint64_t batch = pipeline_close(&core->pipeline);
    if (batch > 0)
        outbox_commit(core->out, batch);
    else if (core->pipeline.settled + 1 == core->pipeline.batch)
        commit_release(core, core->pipeline.settled); /* what is held waits for nothing */
    pages_turn(core);
}

/* The room of a message or frame that is held no longer. */
static room_t *let_go(core_t *core, const held_t *held)
{
    room_t *room = core_room(core, held->owner);
    assert(room && room->held > 0); /* a room is not forgotten while something of it is held */
    room->held--;
    return room;
}

static void show_message(core_t *core, const held_t *held, span_t frame)
{
    room_t *room = let_go(core, held);
    span_t event = {frame.data + held->topic_size, frame.size - held->topic_size};
    journal_confirm(&room->journal, core->journals, held->seq, held->at_ms, event);
    retention_check(core, &room->journal, name_span(&room->name), room->id);
    deliver_frame(core, room, frame, held->topic_size);
    room_moved(core, room);
    room_emptied(core, room);
}

static void show_copy(core_t *core, const held_t *held, span_t event)
{
    inbox_t *inbox = core_inbox(core, held->owner);
    if (inbox == NULL)
        return;
    journal_confirm(&inbox->journal, core->journals, held->seq, held->at_ms, event);
    char name[INBOX_NAME_BYTES];
    retention_check(core, &inbox->journal, inbox_name(inbox->uid, name), inbox->id);
    const session_t *reader = core_session(core, inbox->session);
    if (reader == NULL)
        return;
    core->counters.events[EV_private]++;
    event_send(core, reader, event);
    deadlines_set(core->deadlines, &inbox->quiet_due, DUE_INBOX, core->now->mono_ms + QUIET_MS);
}

static void give_reply(core_t *core, const held_t *held, span_t frame)
{
    const link_t *link = core_link(core, held->owner);
    if (link)
        outbox_send(core->out, link_peer(link), frame);
}

static void show_frame(core_t *core, const held_t *held, span_t frame)
{
    room_t *room = let_go(core, held);
    deliver_frame(core, room, frame, held->topic_size);
    room_emptied(core, room);
}

/* The session of an answer that waited, with one fewer waiting; NULL: it is gone. */
static session_t *settle(core_t *core, const answer_t *answer)
{
    session_t *session = core_session(core, answer->session);
    if (session == NULL)
        return NULL;
    assert(session->waiting > 0);
    session->waiting--;
    return session;
}

static void give_answer(core_t *core, const answer_t *answer)
{
    session_t *session = settle(core, answer);
    if (session && answer->cid > 0)
        cids_settle(&session->cids, answer->cid);
    reply_answer(core, answer);
}

static void release(core_t *core, const held_t *held)
{
    span_t bytes = pipeline_span(&core->pipeline, held);
    switch (held->kind) {
    case HELD_MESSAGE:
        core->counters.committed++;
        show_message(core, held, bytes);
        return;
    case HELD_COPY:
        core->counters.committed++;
        show_copy(core, held, bytes);
        return;
    case HELD_FRAME:
        show_frame(core, held, bytes);
        return;
    case HELD_ANSWER:
        give_answer(core, &held->answer);
        return;
    case HELD_REPLY:
        give_reply(core, held, bytes);
        return;
    case HELD_RECORD:
    case HELD_REMOVAL:
        return;
    }
}

/* Things that depend on nothing in the batch still open go with the last one that was stored. What this
 * turn will write at its end is in that batch too. */
static uint64_t last_released(const core_t *core, uint64_t batch)
{
    const pipeline_t *pipeline = &core->pipeline;
    bool is_needed = pipeline->is_open || core->records.is_waited_for || core->notes.fresh.size > 0;
    return batch + 1 == pipeline->batch && !is_needed ? pipeline->batch : batch;
}

void commit_release(core_t *core, uint64_t batch)
{
    assert(core && batch < core->pipeline.batch);
    core->pipeline.settled = batch;
    uint64_t last = last_released(core, batch);
    const held_t *first;
    while ((first = pipeline_first(&core->pipeline, last))) {
        held_t held = *first;
        release(core, &held);
        pipeline_drop(&core->pipeline);
    }
}

static void undo_message(core_t *core, const held_t *held)
{
    core->counters.rolled_back++;
    room_t *room = let_go(core, held);
    journal_roll_back(&room->journal);
    room_emptied(core, room);
}

static void undo_copy(core_t *core, const held_t *held)
{
    core->counters.rolled_back++;
    inbox_t *inbox = core_inbox(core, held->owner);
    if (inbox)
        journal_roll_back(&inbox->journal);
}

static void refuse_answer(core_t *core, const held_t *held)
{
    answer_t answer = held->answer;
    session_t *session = settle(core, &answer);
    if (session && answer.cid > 0 && !answer.is_duplicate)
        cids_forget_from(&session->cids, answer.cid);
    answer.outcome = (outcome_t){.err = HUB_UNAVAILABLE};
    answer.is_duplicate = false;
    reply_answer(core, &answer);
}

static void undo(core_t *core, const held_t *held)
{
    switch (held->kind) {
    case HELD_MESSAGE:
        undo_message(core, held);
        return;
    case HELD_COPY:
        undo_copy(core, held);
        return;
    case HELD_FRAME:
        show_frame(core, held, pipeline_span(&core->pipeline, held));
        return;
    case HELD_ANSWER:
        refuse_answer(core, held);
        return;
    case HELD_REPLY:
        give_reply(core, held, pipeline_span(&core->pipeline, held));
        return;
    case HELD_RECORD:
    case HELD_REMOVAL:
        records_again(core, held);
        return;
    }
}

/* Whatever of the open batch the store already has is void: that batch is never committed. What is held
 * anew on the way goes under the next one. */
void commit_undo(core_t *core, uint64_t batch)
{
    assert(core && batch < core->pipeline.batch);
    if (batch <= core->pipeline.settled)
        return;
    pipeline_void(&core->pipeline);
    notes_undo(core);
    records_void(core);
    for (size_t waiting = core->pipeline.count; waiting > 0; waiting--) {
        held_t held = *pipeline_first(&core->pipeline, UINT64_MAX);
        undo(core, &held);
        pipeline_drop(&core->pipeline);
    }
    records_retry_later(core);
}
