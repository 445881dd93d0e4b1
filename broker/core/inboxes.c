#include "broker/core/inboxes.h"

#include "broker/core/request.h"

#include <assert.h>

span_t inbox_name(const char *uid, char *out_name)
{
    assert(uid && out_name);
    out_name[0] = '@';
    memcpy(out_name + 1, uid, MINT_NAME_CHARS);
    return (span_t){out_name, INBOX_NAME_BYTES};
}

inbox_t *inbox_open(core_t *core, const char *uid, uint64_t epoch)
{
    assert(core && uid);
    uint64_t id;
    inbox_t *inbox = slab_add(core->inboxes, &id);
    assert(inbox); /* no more of them than of those who may have one */
    inbox->id = id;
    memcpy(inbox->uid, uid, MINT_NAME_CHARS);
    journal_init(&inbox->journal, epoch);
    return inbox;
}

inbox_t *inbox_of(core_t *core, session_t *session)
{
    assert(core && session);
    if (session->inbox == NULL) {
        session->inbox = inbox_open(core, session->uid, session->inbox_epoch);
        session->inbox->session = session->id;
    }
    return session->inbox;
}

void inbox_close(core_t *core, inbox_t *inbox)
{
    assert(core && inbox);
    deadlines_cancel(core->deadlines, &inbox->quiet_due);
    journal_fini(&inbox->journal, core->journals);
    slab_remove(core->inboxes, inbox->id);
}

void inbox_is_quiet(core_t *core, const inbox_t *inbox)
{
    assert(core && inbox);
    const session_t *reader = core_session(core, inbox->session);
    writer_t *writer = reader ? event_begin(core, reader, EV_head) : NULL;
    if (writer == NULL)
        return;
    write_str(writer, KEY_room, span_of("@"));
    write_uint(writer, KEY_epoch, inbox->journal.epoch);
    write_uint(writer, KEY_seq, inbox->journal.head);
    write_uint(writer, KEY_pseq, 0);
    reply_end(core);
}
