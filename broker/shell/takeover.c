#include "broker/shell/takeover.h"

#include <assert.h>
#include <stdio.h>

typedef struct {
    takeover_step_t *step;
    void *context;
} takeover_t;

static hub_err_t tell_log(void *context, const log_state_t *state)
{
    const takeover_t *self = context;
    return self->step(self->context, &(event_t){.kind = EVENT_LOG, .log = *state});
}

static hub_err_t tell_record(void *context, span_t key, span_t value)
{
    const takeover_t *self = context;
    return self->step(self->context, &(event_t){.kind = EVENT_RECORD, .key = key, .value = value});
}

static hub_err_t tell_note(void *context, uint64_t number, span_t bytes)
{
    const takeover_t *self = context;
    return self->step(self->context,
                      &(event_t){.kind = EVENT_NOTE, .number = number, .value = bytes});
}

static const char *trouble(hub_err_t err)
{
    switch (err) {
    case HUB_FULL:
        return "the store has more sessions, rooms or accounts than --set sessions_max, rooms_max "
               "or accounts_max permit; raise them";
    case HUB_UNAVAILABLE:
        return "the store could not be read; the log above says why, `hubbubd --check` says more";
    default:
        return "a record in the store makes no sense to this version; start the version that "
               "wrote it, or put back a backup";
    }
}

bool takeover(store_t *store, takeover_step_t *step, void *context, char *out_error)
{
    assert(store && step && out_error);
    takeover_t self = {step, context};
    store_visitor_t visitor = {&self, tell_log, tell_record, tell_note};
    hub_err_t err = store->restore(store, &visitor);
    if (err == HUB_OK)
        err = step(context, &(event_t){.kind = EVENT_RESTORED, .origin = store->origin(store)});
    if (err != HUB_OK)
        snprintf(out_error, TAKEOVER_ERROR_BYTES, "%s", trouble(err));
    return err == HUB_OK;
}
