/* /register, /login, /password: what is typed in secret, and what became of it. */
#include "bridge/core/prompt.h"
#include "bridge/shell/bridge_state.h"

#include <assert.h>
#include <string.h>

static phrase_t phrase_of_step(prompt_step_t step)
{
    static const phrase_t PHRASES[] = {[PROMPT_PASSWORD] = PHRASE_ask_password,
                                       [PROMPT_OLD] = PHRASE_ask_old,
                                       [PROMPT_NEW] = PHRASE_ask_new,
                                       [PROMPT_AGAIN] = PHRASE_ask_again};
    assert(step > PROMPT_NONE && step <= PROMPT_AGAIN);
    return PHRASES[step];
}

static bool append(bridge_t *self, const char *bytes)
{
    return buffer_append(&self->lines, bytes, strlen(bytes));
}

/* In the order of all that the user is told. */
static void put(bridge_t *self, user_t *user, const char *before, phrase_t phrase,
                const words_t *words)
{
    buffer_clear(&self->lines);
    bool has_room = append(self, before);
    assert(has_room);
    (void)has_room;
    phrase_line(&self->lines, self->language, phrase, words);
    user_put_lines(self, user);
}

static void ask(bridge_t *self, user_t *user)
{
    const prompt_t *prompt = &user->affairs->prompt;
    bool is_first = !user->telnet.has_echo;
    user->telnet.has_echo = true;
    put(self, user, is_first ? TELNET_HIDE : "\r\n", phrase_of_step(prompt->step),
        &(words_t){.nick = span_of(prompt->name)});
}

/* The end of the line that was typed is not shown either, so the next one begins a new one. */
static void show_again(bridge_t *self, user_t *user)
{
    buffer_clear(&self->lines);
    bool has_room = append(self, TELNET_SHOW "\r\n");
    assert(has_room);
    (void)has_room;
    user_put_lines(self, user);
    user->telnet.has_echo = false;
}

static void ask_broker(bridge_t *self, user_t *user)
{
    static const op_t OPS[] = {
        [ORDER_register] = OP_register, [ORDER_login] = OP_login, [ORDER_password] = OP_password};
    const prompt_t *prompt = &user->affairs->prompt;
    client_request_t request = {.op = OPS[prompt->verb]};
    if (prompt->verb == ORDER_register)
        request.password = span_of(prompt->new);
    else
        request.password = span_of(prompt->old);
    if (prompt->verb == ORDER_login)
        request.nick = span_of(prompt->name);
    if (prompt->verb == ORDER_password)
        request.new_password = span_of(prompt->new);
    user_ask(self, user, &request, prompt->verb);
}

/* Who is not in yet says hello by nick and password. False: the broker does not answer, or that is no nick. */
static bool knock(bridge_t *self, user_t *user)
{
    const prompt_t *prompt = &user->affairs->prompt;
    bool is_login = prompt->verb == ORDER_login && user->sid != USER_NO_SID;
    if (!is_login ||
        client_link_hello_as(self->link, user->sid, span_of(prompt->name), self->now_ms) != HUB_OK)
        return false;
    user->is_resting = true;
    return true;
}

static void go_on(bridge_t *self, user_t *user, prompt_answer_t answer)
{
    if (answer == PROMPT_ASKS) {
        ask(self, user);
        return;
    }
    if (user->telnet.has_echo)
        show_again(self, user);
    if (answer == PROMPT_DONE && user->is_locked && knock(self, user))
        return; /* what was typed is kept until the answer is there */
    if (answer == PROMPT_DONE && user_has_broker(self, user))
        ask_broker(self, user);
    else
        user_tell(self, user,
                  answer == PROMPT_DONE     ? PHRASE_not_sent
                  : answer == PROMPT_DIFFER ? PHRASE_differ
                                            : PHRASE_asked_in_vain,
                  NULL);
    prompt_fini(&user->affairs->prompt);
    user_tidy(user);
}

void password_order(bridge_t *self, user_t *user, const order_t *order)
{
    assert(self && user && order);
    go_on(self, user, prompt_begin(&user_affairs(user)->prompt, order));
}

bool password_is_asked(const user_t *user)
{
    assert(user);
    return user->affairs && prompt_is_open(&user->affairs->prompt);
}

void password_typed(bridge_t *self, user_t *user, span_t line)
{
    assert(self && user && password_is_asked(user));
    go_on(self, user, prompt_line(&user->affairs->prompt, line));
}

/* --- who has to log in --------------------------------------------------------------------------- */

span_t on_password_wanted(void *context, void *who)
{
    (void)context;
    const user_t *user = who;
    bool has_one = user->is_locked && user->affairs && user->affairs->prompt.old;
    return has_one ? span_of(user->affairs->prompt.old) : (span_t){"", 0};
}

bool user_is_knocking(const user_t *user)
{
    assert(user);
    return user->is_locked && user->affairs && user->affairs->prompt.step == PROMPT_HELD;
}

static void forget(user_t *user)
{
    if (user->affairs)
        prompt_fini(&user->affairs->prompt);
    user_tidy(user);
}

void user_lock(bridge_t *self, user_t *user, hub_err_t err, const message_t *reply)
{
    assert(self && user);
    bool was_locked = user->is_locked;
    user->is_locked = true;
    user->is_held = user->is_resting = false;
    if (was_locked)
        tell_refused(self, user, OP_login, err, reply);
    else
        user_tell(self, user, PHRASE_log_in, NULL);
    grace_begin(&user_affairs(user)->grace, self->now_ms);
    forget(user);
    user_watch(self, user);
    user_wait_for_login(self, user);
}

void user_unlock(bridge_t *self, user_t *user)
{
    assert(self && user);
    if (!user->is_locked)
        return;
    user->is_locked = user->is_resting = false;
    affairs_t *affairs = user_affairs(user);
    affairs->grace = (grace_t){0};
    if (affairs->patient.list == &self->locked)
        patience_leave(&affairs->patient);
    forget(user);
}

/* --- answers ------------------------------------------------------------------------------------- */

void registered(bridge_t *self, user_t *user, tag_t tag, const message_t *reply)
{
    (void)tag;
    user_tell(self, user, PHRASE_registered, &(words_t){.nick = message_span(reply, KEY_nick)});
}

void logged_in(bridge_t *self, user_t *user, tag_t tag, const message_t *reply)
{
    (void)tag;
    user_tell(self, user, PHRASE_logged_in, &(words_t){.nick = message_span(reply, KEY_nick)});
}

void password_changed(bridge_t *self, user_t *user, tag_t tag, const message_t *reply)
{
    (void)tag, (void)reply;
    user_tell(self, user, PHRASE_password_changed, NULL);
}
