#include "broker/core/sessions.h"

#include "broker/core/presence.h"
#include "broker/core/request.h"

#include <assert.h>

/* A warning comes this long before the kick, or a tenth of the time if that is less. */
enum { WARNING_MS = 30000, WARNING_PART = 10 };

/* Silence after which the session is kicked; 0: never. */
static uint64_t kick_after_ms(const core_t *core, const session_t *session)
{
    return session->is_kicked_when_idle ? core->settings.idle_ms : core->settings.kick_ms;
}

/* Silence after which it is inactive: always before the kick. */
static uint64_t inactive_after_ms(const core_t *core, const session_t *session)
{
    uint64_t kick_ms = kick_after_ms(core, session);
    if (kick_ms > 0 && kick_ms <= core->settings.idle_ms)
        return kick_ms / 2;
    return core->settings.idle_ms;
}

/* Silence after which it is warned. */
static uint64_t warned_after_ms(uint64_t kick_ms)
{
    return kick_ms - (kick_ms / WARNING_PART < WARNING_MS ? kick_ms / WARNING_PART : WARNING_MS);
}

/* Sets the deadline to what silence brings next; where that is nothing there is none. */
static void set_due(core_t *core, session_t *session)
{
    uint64_t kick_ms = kick_after_ms(core, session), next_ms = UINT64_MAX;
    if (session->state == STATE_ACTIVE)
        next_ms = inactive_after_ms(core, session);
    if (kick_ms > 0) {
        uint64_t ms = session->is_warned ? kick_ms : warned_after_ms(kick_ms);
        next_ms = ms < next_ms ? ms : next_ms;
    }
    if (next_ms < UINT64_MAX)
        deadlines_set(core->deadlines, &session->due, DUE_SESSION, session->heard_ms + next_ms);
}

void session_act(core_t *core, session_t *session)
{
    assert(core && session && core->now->mono_ms >= session->heard_ms);
    session->heard_ms = core->now->mono_ms;
    session->is_warned = false;
    if (session->state == STATE_ACTIVE)
        return;
    assert(session->state == STATE_INACTIVE);
    session->state = STATE_ACTIVE;
    session->since_ms = core->now->wall_ms;
    presence_note_everywhere(core, session, STATE_ACTIVE, (span_t){0}, false);
    set_due(core, session);
}

static void warn(core_t *core, session_t *session, uint64_t idle_in_ms)
{
    session->is_warned = true;
    writer_t *writer = event_begin(core, session, EV_warning);
    if (writer == NULL)
        return;
    write_uint(writer, KEY_idle_in_ms, idle_in_ms);
    reply_end(core);
}

void session_kick(core_t *core, session_t *session, const char *reason)
{
    session_kick_saying(core, session, reason, (span_t){"", 0});
}

void session_kick_saying(core_t *core, session_t *session, const char *reason, span_t text)
{
    assert(core && session && reason);
    writer_t *writer = event_begin(core, session, EV_kicked);
    if (writer) {
        write_str(writer, KEY_reason, span_of(reason));
        if (text.size > 0)
            write_str(writer, KEY_text, text);
        reply_end(core);
    }
    session_end(core, session);
}

static void go_inactive(core_t *core, session_t *session)
{
    session->state = STATE_INACTIVE;
    session->since_ms = core->now->wall_ms;
    presence_note_everywhere(core, session, STATE_INACTIVE, (span_t){0}, false);
}

/* Does what the silence calls for and sets the next deadline: inactive, warned, kicked. */
static void judge_silence(core_t *core, session_t *session)
{
    uint64_t silence_ms = core->now->mono_ms - session->heard_ms;
    uint64_t kick_ms = kick_after_ms(core, session);
    if (kick_ms > 0 && silence_ms >= kick_ms) {
        core->counters.sessions_kicked++;
        session_kick(core, session, "idle");
        return;
    }
    if (session->state == STATE_ACTIVE && silence_ms >= inactive_after_ms(core, session))
        go_inactive(core, session);
    if (kick_ms > 0 && silence_ms >= warned_after_ms(kick_ms) && !session->is_warned)
        warn(core, session, kick_ms - silence_ms);
    set_due(core, session);
}

void session_is_due(core_t *core, session_t *session)
{
    assert(core && session && session->state != STATE_GONE);
    if (session->state != STATE_DETACHED) {
        judge_silence(core, session);
        return;
    }
    assert(core->now->mono_ms - session->heard_ms >= session->resume_ms);
    core->counters.sessions_expired++;
    session_end(core, session);
}
