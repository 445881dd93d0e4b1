#include "broker/core/deliver.h"

#include <assert.h>

writer_t *deliver_begin(core_t *core, const room_t *room, ev_t ev)
{
    assert(core && room);
    core->counters.events[ev]++;
    buffer_t *bytes = &core->pipeline.bytes;
    bool has_room = buffer_append(bytes, room->name.text, deliver_topic_size(room));
    assert(has_room);
    (void)has_room;
    write_begin(&core->writer, bytes);
    write_str(&core->writer, KEY_ev, event_row(ev)->name);
    write_str(&core->writer, KEY_room, name_span(&room->name));
    return &core->writer;
}

void deliver_end(core_t *core, room_t *room)
{
    assert(core && room);
    write_end(&core->writer);
    buffer_t *bytes = &core->pipeline.bytes;
    uint32_t topic_size = deliver_topic_size(room);
    size_t start = core->writer.start - topic_size;
    if (room->held > 0) {
        room->held++;
        pipeline_hold(&core->pipeline, (held_t){.kind = HELD_FRAME,
                                                .owner = room->id,
                                                .offset = core->pipeline.base + start,
                                                .topic_size = topic_size});
        return;
    }
    span_t frame = {bytes->data + start, bytes->size - start};
    deliver_frame(core, room, frame, topic_size);
    bytes->size = start;
}

writer_t *deliver_begin_stored(core_t *core, room_t *room, ev_t ev, held_t *out)
{
    assert(core && room && out);
    *out = (held_t){.kind = HELD_MESSAGE,
                    .owner = room->id,
                    .offset = pipeline_mark(&core->pipeline),
                    .topic_size = deliver_topic_size(room)};
    out->seq = journal_assign(&room->journal, core->now->wall_ms, &out->at_ms);
    writer_t *writer = deliver_begin(core, room, ev);
    write_uint(writer, KEY_epoch, room->journal.epoch);
    write_uint(writer, KEY_seq, out->seq);
    write_uint(writer, KEY_at, out->at_ms);
    return writer;
}

void deliver_end_stored(core_t *core, room_t *room, held_t held)
{
    assert(core && room && held.seq > 0);
    writer_t *writer = &core->writer;
    write_end(writer);
    span_t event = {writer->buffer->data + writer->start, writer->buffer->size - writer->start};
    outbox_append(core->out, core->pipeline.batch, name_span(&room->name), room->journal.epoch,
                  held.seq, held.at_ms, event);
    core->counters.appended++;
    pipeline_hold(&core->pipeline, held);
    room->held++;
}

void deliver_frame(core_t *core, const room_t *room, span_t frame, uint32_t topic_size)
{
    assert(core && room && frame.size > topic_size);
    assert(frame.size <= LIMIT_FRAME_BYTES);
    if (!room->is_private) {
        outbox_publish(core->out, frame);
        core->counters.published++;
        return;
    }
    span_t event = {frame.data + topic_size, frame.size - topic_size};
    for (size_t i = 0; i < room->links.count; i++) {
        const link_t *link = core_link(core, room->links.list[i].number);
        assert(link);
        if (i == 0)
            outbox_send(core->out, link_peer(link), event);
        else
            outbox_send_again(core->out, link_peer(link));
        core->counters.sent++;
    }
}
