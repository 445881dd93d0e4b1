#include "broker/core/dispatch.h"

#include "broker/core/accounts.h"
#include "broker/core/sessions.h"
#include "broker/core/presence.h"
#include "broker/core/records.h"
#include "broker/core/rights.h"
#include "broker/core/room_rights.h"

#include <assert.h>

hub_err_t on_nick(core_t *core, request_t *request)
{
    session_t *session = request->session;
    span_t nick = message_span(request->message, KEY_nick);
    name_t identity;
    hub_err_t err = nick_fold(nick, &identity);
    if (err != HUB_OK)
        return err;
    if (!nick_is_free(core, &identity, session))
        return HUB_NICK_TAKEN;
    err = may_enter(core, request, &(person_t){.identity = name_span(&identity)});
    if (err != HUB_OK)
        return err;
    session_rename(core, session, nick, &identity);
    room_put_out(core, session);
    writer_t *writer = reply_begin(core, request);
    write_str(writer, KEY_nick, session_nick(session));
    reply_end(core);
    return HUB_OK;
}

hub_err_t on_status(core_t *core, request_t *request)
{
    span_t status = message_span(request->message, KEY_status);
    hub_err_t err = text_check(status, LIMIT_STATUS_BYTES, TEXT_LINE);
    request->hint =
        err == HUB_BAD_REQUEST ? "a status is one line without control characters" : NULL;
    if (err == HUB_OK)
        err = may_speak(core, request);
    if (err != HUB_OK)
        return err;
    session_t *session = request->session;
    bool is_new = !span_equal(status, session_status(session));
    session_set_status(session, status);
    if (is_new)
        records_session(core, session);
    if (is_new)
        presence_note_everywhere(core, session, session->state, (span_t){0}, true);
    reply_ok(core, request);
    return HUB_OK;
}
