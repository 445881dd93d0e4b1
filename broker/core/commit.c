#include "broker/core/commit.h"

#include "broker/core/deliver.h"
#include "broker/core/request.h"
#include "broker/core/rooms.h"

#include <assert.h>

void commit_turn(core_t *core)
{
    assert(core);
    uint64_t batch = pipeline_close(&core->pipeline);
    if (batch > 0)
        outbox_commit(core->out, batch);
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
    deliver_frame(core, room, frame, held->topic_size);
    room_moved(core, room);
    room_emptied(core, room);
}

static void show_copy(core_t *core, const held_t *held, span_t event)
{
    session_t *owner = core_session(core, held->owner);
    if (owner == NULL)
        return;
    journal_confirm(owner->inbox, core->journals, held->seq, held->at_ms, event);
    core->counters.events[EV_private]++;
    event_send(core, owner, event);
    deadlines_set(core->deadlines, &owner->inbox_due, DUE_INBOX, owner->id,
                  core->now->mono_ms + QUIET_MS);
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
    }
}

/* Things that depend on nothing in the batch still open go with the last one that was stored. */
static uint64_t last_released(const pipeline_t *pipeline, uint64_t batch)
{
    return batch + 1 == pipeline->batch && !pipeline->is_open ? pipeline->batch : batch;
}

void commit_release(core_t *core, uint64_t batch)
{
    assert(core && batch < core->pipeline.batch);
    uint64_t last = last_released(&core->pipeline, batch);
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
    session_t *owner = core_session(core, held->owner);
    if (owner)
        journal_roll_back(owner->inbox);
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
    }
}

/* Whatever of the open batch the store already has is void: that batch is never committed. */
void commit_undo(core_t *core, uint64_t batch)
{
    assert(core && batch < core->pipeline.batch);
    const held_t *first;
    if (pipeline_first(&core->pipeline, batch) == NULL)
        return;
    while ((first = pipeline_first(&core->pipeline, UINT64_MAX))) {
        held_t held = *first;
        undo(core, &held);
        pipeline_drop(&core->pipeline);
    }
    if (core->pipeline.is_open)
        (void)pipeline_close(&core->pipeline); /* its number is used up, its content void */
}
