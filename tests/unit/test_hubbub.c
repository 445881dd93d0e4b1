/* libhubbub against the real broker, which is started on free ports. */
#include "include/hubbub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000, ENDPOINT_BYTES = 128 };

typedef struct {
    pid_t pid;
    char router[ENDPOINT_BYTES], pub[ENDPOINT_BYTES];
} broker_t;

/* Requests that were done while something else was awaited: events and replies come over two sockets. */
enum { DONE_MAX = 256 };
static char done_errors[DONE_MAX][32];
static bool is_done[DONE_MAX];
static char last_heard[64]; /* text of the last message */

static void word_after(const char *line, const char *key, char *out)
{
    const char *place = strstr(line, key);
    assert_non_null(place);
    place += strlen(key);
    size_t size = strcspn(place, " \n");
    assert_true(size < ENDPOINT_BYTES);
    memcpy(out, place, size);
    out[size] = '\0';
}

/* Starts hubbubd and reads its ready line. `data`: a directory with keys, under which it wants them; NULL: none. */
static broker_t broker_start_with(const char *router, const char *pub, const char *data)
{
    broker_t broker = {0};
    int ends[2];
    char line[512] = {0};
    assert_int_equal(pipe(ends), 0);
    memset(is_done, 0, sizeof is_done);
    broker.pid = fork();
    assert_true(broker.pid >= 0);
    if (broker.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
        dup2(ends[1], STDOUT_FILENO);
        execl(HUBBUBD, "hubbubd", "--router", router, "--pub", pub, "--log-level", "error",
              "--durability", "memory", "--heartbeat-ms", "200", data ? "--data" : NULL, data,
              "--curve", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    FILE *stream = fdopen(ends[0], "r");
    assert_non_null(stream);
    assert_non_null(fgets(line, sizeof line, stream));
    (void)fclose(stream);
    word_after(line, "router=", broker.router);
    word_after(line, "pub=", broker.pub);
    return broker;
}

static broker_t broker_start(const char *router, const char *pub)
{
    return broker_start_with(router, pub, NULL);
}

static void broker_stop(broker_t *broker, int signal)
{
    int status;
    assert_true(broker->pid > 0); /* 0 would be all of us */
    kill(broker->pid, signal);
    assert_int_equal(waitpid(broker->pid, &status, 0), broker->pid);
}

static broker_t shared;

static int start_shared(void **state)
{
    (void)state;
    shared = broker_start("tcp://127.0.0.1:*", "tcp://127.0.0.1:*");
    return 0;
}

static int stop_shared(void **state)
{
    (void)state;
    broker_stop(&shared, SIGTERM);
    return 0;
}

static hubbub_t *connect_as(const char *nick)
{
    hubbub_t *chat = hubbub_new(&(hubbub_options_t){.router = shared.router, .nick = nick});
    assert_non_null(chat);
    memset(is_done, 0, sizeof is_done);
    return chat;
}

/* The next event of that type, passing over others. */
static const hubbub_event_t *await(hubbub_t *chat, hubbub_type_t type)
{
    const hubbub_event_t *event;
    while ((event = hubbub_next(chat, PATIENCE_MS)) != NULL) {
        if (event->type == HUBBUB_DONE) {
            assert_true(event->request > 0 && event->request < DONE_MAX);
            is_done[event->request] = true;
            (void)snprintf(done_errors[event->request], sizeof done_errors[0], "%s",
                           event->error ? event->error : "");
        }
        if (event->type == HUBBUB_MESSAGE)
            (void)snprintf(last_heard, sizeof last_heard, "%s", event->text);
        if (event->type == type)
            return event;
    }
    fail_msg("no event of type %d came", (int)type);
    return NULL;
}

/* Its error, "" where it was done. Requests of different handles are not told apart. */
static const char *await_done(hubbub_t *chat, uint64_t request)
{
    assert_true(request > 0 && request < DONE_MAX);
    while (!is_done[request])
        (void)await(chat, HUBBUB_DONE);
    is_done[request] = false;
    return done_errors[request];
}

static void await_text(hubbub_t *chat, const char *text)
{
    while (strcmp(last_heard, text) != 0)
        (void)await(chat, HUBBUB_MESSAGE);
}

static void two_people_hear_each_other(void **state)
{
    (void)state;
    hubbub_t *ada = connect_as("ada"), *bob = connect_as("bob");
    assert_string_equal(await(ada, HUBBUB_READY)->nick, "ada");
    assert_string_equal(await(ada, HUBBUB_JOINED)->room, "lobby");
    (void)await(bob, HUBBUB_JOINED);
    assert_string_equal(hubbub_my_nick(ada), "ada");
    uint64_t request = hubbub_say(ada, "Lobby", "hello bob");
    const hubbub_event_t *event = await(bob, HUBBUB_MESSAGE);
    assert_string_equal(event->nick, "ada");
    assert_string_equal(event->text, "hello bob");
    assert_string_equal(event->room, "lobby");
    assert_true(event->seq > 0 && event->epoch > 0 && event->at_ms > 0);
    assert_string_equal(await_done(ada, request), "");
    request = hubbub_tell(bob, "ADA", "psst | hush");
    event = await(ada, HUBBUB_PRIVATE);
    assert_string_equal(event->nick, "bob");
    assert_string_equal(event->text, "psst | hush");
    assert_true(event->mid[0] != '\0');
    assert_string_equal(await_done(bob, request), "");
    hubbub_destroy(&ada);
    hubbub_destroy(&bob);
    assert_null(ada);
}

static void requests_answer_with_pages_and_errors(void **state)
{
    (void)state;
    hubbub_t *cid = connect_as("cid");
    uint64_t who = hubbub_who(cid, "lobby"), rooms = hubbub_rooms(cid);
    const hubbub_event_t *event = await(cid, HUBBUB_MEMBERS);
    assert_int_equal(event->request, who);
    assert_true(event->member_count >= 1 && event->count >= 1);
    assert_false(event->has_more);
    event = await(cid, HUBBUB_ROOMS);
    assert_int_equal(event->request, rooms);
    assert_string_equal(event->rooms[0].name, "lobby");
    assert_string_equal(await_done(cid, hubbub_tell(cid, "nobody", "hm")), "no_such_nick");
    assert_true(hubbub_say(cid, "nowhere", "hm") > 0);
    event = await(cid, HUBBUB_DONE);
    assert_string_equal(event->op, "say");
    assert_string_equal(event->error, "no_such_room");
    assert_true(event->hint[0] != '\0');
    assert_string_equal(await_done(cid, hubbub_nick(cid, "cid2")), "");
    assert_string_equal(hubbub_my_nick(cid), "cid2");
    assert_string_equal(await_done(cid, hubbub_status(cid, "testing")), "");
    assert_string_equal(await_done(cid, hubbub_active(cid)), "");
    assert_int_equal(
        hubbub_send(cid, &(hubbub_message_t){.to = "cid2", .text = "", .x = "!", .x_bytes = 1}), 0);
    assert_string_equal(hubbub_error(cid), "bad_request");
    assert_string_equal(await_done(cid, hubbub_part(cid, "lobby")), "");
    hubbub_destroy(&cid);
}

static void what_a_message_carries_comes_through_and_into_history(void **state)
{
    (void)state;
    hubbub_t *dan = connect_as("dan");
    assert_string_equal(await_done(dan, hubbub_join(dan, "Files")), "");
    hubbub_message_t message = {.room = "files",
                                .text = "a picture",
                                .payload = "image/x",
                                .data = "\0\1\2",
                                .data_bytes = 3,
                                .ref = 7,
                                .rel = "reply",
                                .thread = 5,
                                .x = "\x81\xa1k\x07",
                                .x_bytes = 4};
    uint64_t request = hubbub_send(dan, &message);
    const hubbub_event_t *event = await(dan, HUBBUB_MESSAGE);
    assert_string_equal(event->payload, "image/x");
    assert_int_equal(event->data_bytes, 3);
    assert_memory_equal(event->data, "\0\1\2", 3);
    assert_int_equal(event->ref, 7);
    assert_string_equal(event->rel, "reply");
    assert_int_equal(event->thread, 5);
    assert_int_equal(event->x_bytes, 4);
    assert_memory_equal(event->x, "\x81\xa1k\x07", 4);
    assert_string_equal(await_done(dan, request), "");
    request = hubbub_history(dan, "files", NULL);
    event = await(dan, HUBBUB_HISTORY);
    assert_int_equal(event->event_count, 1);
    assert_int_equal(event->events[0].type, HUBBUB_MESSAGE);
    assert_string_equal(event->events[0].text, "a picture");
    assert_string_equal(await_done(dan, request), "");
    hubbub_destroy(&dan);
}

static void a_private_room_is_heard_by_the_invited(void **state)
{
    (void)state;
    hubbub_t *eve = connect_as("eve"), *fay = connect_as("fay");
    (void)await(fay, HUBBUB_JOINED);
    assert_string_equal(await_done(eve, hubbub_join_private(eve, "den")), "");
    assert_string_equal(await_done(fay, hubbub_join(fay, "den")), "no_such_room");
    assert_string_equal(await_done(eve, hubbub_invite(eve, "den", "fay")), "");
    assert_string_equal(await_done(fay, hubbub_join(fay, "den")), "");
    assert_true(hubbub_say(eve, "den", "just us") > 0);
    assert_string_equal(await(fay, HUBBUB_MESSAGE)->room, "den");
    hubbub_destroy(&eve);
    hubbub_destroy(&fay);
}

static void an_owner_looks_after_a_room(void **state)
{
    (void)state;
    hubbub_t *ada = connect_as("ada"), *bob = connect_as("bob");
    assert_string_equal(await_done(ada, hubbub_join(ada, "yard")), "");
    assert_string_equal(await_done(bob, hubbub_join(bob, "yard")), "");
    hubbub_measure_t measure = {.deed = HUBBUB_MUTE, .room = "yard", .nick = "ada"};
    assert_string_equal(await_done(bob, hubbub_moderate(bob, &measure)), "denied");
    measure = (hubbub_measure_t){HUBBUB_MUTE, "yard", "bob", "too loud", 32503680000000};
    assert_string_equal(await_done(ada, hubbub_moderate(ada, &measure)), "");
    assert_string_equal(await_done(bob, hubbub_say(bob, "yard", "hey")), "muted");
    assert_true(hubbub_bans(ada, "yard") > 0);
    const hubbub_event_t *page = await(ada, HUBBUB_BANS);
    assert_int_equal(page->ban_count, 1);
    assert_string_equal(page->bans[0].verdict, "mute");
    assert_string_equal(page->bans[0].reason, "too loud");
    assert_string_equal(page->bans[0].by, "ada");
    assert_int_equal(page->bans[0].until_ms, 32503680000000);
    measure.deed = HUBBUB_UNMUTE;
    assert_string_equal(await_done(ada, hubbub_moderate(ada, &measure)), "");
    assert_string_equal(await_done(ada, hubbub_role(ada, "yard", "bob", "moderator")), "");
    assert_true(hubbub_who(bob, "yard") > 0);
    page = await(bob, HUBBUB_MEMBERS);
    for (size_t i = 0; i < page->member_count; i++)
        assert_string_equal(page->members[i].role,
                            strcmp(page->members[i].nick, "ada") == 0 ? "owner" : "moderator");
    assert_string_equal(await_done(bob, hubbub_slow(bob, "yard", 60000)), "");
    hubbub_t *eve = connect_as("eve");
    uint64_t joined = hubbub_join(eve, "yard");
    do
        page = await(eve, HUBBUB_DONE);
    while (page->request != joined);
    assert_int_equal(page->slow_ms, 60000);
    assert_string_equal(await_done(ada, hubbub_slow(ada, "yard", 0)), "");
    measure = (hubbub_measure_t){HUBBUB_BAN, "yard", "eve", "spam", 0};
    assert_string_equal(await_done(ada, hubbub_moderate(ada, &measure)), "");
    page = await(eve, HUBBUB_PARTED);
    assert_string_equal(page->reason, "banned");
    assert_string_equal(page->text, "spam");
    assert_string_equal(await_done(eve, hubbub_join(eve, "yard")), "banned");
    measure = (hubbub_measure_t){HUBBUB_KICK, NULL, "eve", NULL, 0};
    assert_string_equal(await_done(ada, hubbub_moderate(ada, &measure)), "denied");
    hubbub_destroy(&ada);
    hubbub_destroy(&bob);
    hubbub_destroy(&eve);
}

static void a_refused_nick_can_be_changed(void **state)
{
    (void)state;
    hubbub_t *gus = connect_as("gus");
    (void)await(gus, HUBBUB_READY);
    hubbub_t *other = connect_as("GUS");
    assert_string_equal(await(other, HUBBUB_REFUSED)->error, "nick_taken");
    assert_true(hubbub_hello_as(other, "gus2"));
    assert_string_equal(await(other, HUBBUB_READY)->nick, "gus2");
    hubbub_destroy(&gus);
    hubbub_destroy(&other);
}

/* More than the broker's allowance: the library waits and keeps the order. */
static void a_flood_is_slowed_down_and_kept_in_order(void **state)
{
    (void)state;
    char text[32], expected[32];
    hubbub_t *hal = connect_as("hal");
    assert_string_equal(await_done(hal, hubbub_join(hal, "torrent")), "");
    for (int i = 0; i < 60; i++) {
        (void)snprintf(text, sizeof text, "line %d", i);
        assert_true(hubbub_say(hal, "torrent", text) > 0);
    }
    for (int i = 0; i < 60; i++) {
        (void)snprintf(expected, sizeof expected, "line %d", i);
        assert_string_equal(await(hal, HUBBUB_MESSAGE)->text, expected);
    }
    while (hubbub_unacknowledged(hal) > 0)
        assert_null(await(hal, HUBBUB_DONE)->error);
    hubbub_destroy(&hal);
}

static void count_message(void *user, hubbub_t *self, const hubbub_event_t *event)
{
    (void)self;
    *(int *)user += event->type == HUBBUB_MESSAGE;
}

/* Another program's loop: poll on the one descriptor, process when it is readable, nothing else. */
static void the_descriptor_fits_any_loop(void **state)
{
    (void)state;
    int heard = 0;
    hubbub_t *listener = hubbub_new(&(hubbub_options_t){
        .router = shared.router, .nick = "ida", .on_event = count_message, .user = &heard});
    assert_non_null(listener);
    hubbub_t *speaker = connect_as("joe");
    (void)await(speaker, HUBBUB_JOINED);
    struct pollfd items[2] = {{.fd = hubbub_fd(listener), .events = POLLIN},
                              {.fd = hubbub_fd(speaker), .events = POLLIN}};
    while (!hubbub_is_ready(listener)) {
        assert_true(poll(items, 1, PATIENCE_MS) > 0);
        hubbub_process(listener);
    }
    for (int i = 0; i < 10; i++)
        assert_true(hubbub_say(speaker, "lobby", "tick") > 0);
    while (heard < 10) {
        assert_true(poll(items, 2, PATIENCE_MS) > 0);
        if (items[0].revents)
            hubbub_process(listener);
        if (items[1].revents)
            hubbub_process(speaker);
    }
    assert_int_equal(heard, 10);
    hubbub_destroy(&listener);
    hubbub_destroy(&speaker);
}

static void after_a_broker_without_memory_has_restarted_the_chat_goes_on(void **state)
{
    (void)state;
    broker_t broker = broker_start("tcp://127.0.0.1:*", "tcp://127.0.0.1:*");
    hubbub_t *kim = hubbub_new(&(hubbub_options_t){.router = broker.router, .nick = "kim"});
    assert_non_null(kim);
    assert_string_equal(await_done(kim, hubbub_say(kim, "lobby", "before")), "");
    broker_stop(&broker, SIGKILL);
    time_t killed = time(NULL);
    (void)await(kim, HUBBUB_DOWN);
    uint64_t request = hubbub_say(kim, "lobby", "while you were away");
    while (time(NULL) <= killed) /* epochs are seconds: the next broker's is to be a newer one */
        (void)hubbub_wait(kim, 100);
    broker_t again = broker_start(broker.router, broker.pub);
    const hubbub_event_t *event = await(kim, HUBBUB_READY);
    assert_true(event->is_new);
    assert_string_equal(event->nick, "kim");
    await_text(kim, "while you were away");
    assert_string_equal(await_done(kim, request), "");
    hubbub_destroy(&kim);
    broker_stop(&again, SIGTERM);
}

static void a_broker_that_stands_still_is_left_and_resumed(void **state)
{
    (void)state;
    broker_t broker = broker_start("tcp://127.0.0.1:*", "tcp://127.0.0.1:*");
    hubbub_t *lea = hubbub_new(&(hubbub_options_t){.router = broker.router, .nick = "lea"});
    assert_non_null(lea);
    (void)await(lea, HUBBUB_JOINED);
    kill(broker.pid, SIGSTOP);
    uint64_t request = hubbub_say(lea, "lobby", "are you there?");
    (void)await(lea, HUBBUB_DOWN);
    kill(broker.pid, SIGCONT);
    assert_true(await(lea, HUBBUB_READY)->is_resumed);
    await_text(lea, "are you there?");
    assert_string_equal(await_done(lea, request), "");
    assert_true(hubbub_history(lea, "lobby", NULL) > 0);
    assert_int_equal(await(lea, HUBBUB_HISTORY)->event_count, 1);
    hubbub_destroy(&lea);
    broker_stop(&broker, SIGTERM);
}

/* What a command says in one line. */
static void say_of(const char *command, char *out, size_t size)
{
    FILE *stream = popen(command, "r"); /* NOLINT(cert-env33-c): of our own making */
    assert_non_null(stream);
    assert_non_null(fgets(out, (int)size, stream));
    out[strcspn(out, "\n")] = '\0';
    assert_int_equal(pclose(stream), 0);
}

static void under_keys(const char *directory, char *server, char *file)
{
    char command[512], public[64];
    (void)snprintf(file, 128, "%s/ada.key_secret", directory);
    (void)snprintf(command, sizeof command, HUBBUBCTL " --data %s server-key", directory);
    say_of(command, server, 64);
    (void)snprintf(command, sizeof command,
                   HUBBUBCTL " key new %s >/dev/null && " HUBBUBCTL " key show %s", file, file);
    say_of(command, public, sizeof public);
    (void)snprintf(command, sizeof command, HUBBUBCTL " --data %s enroll ada '%s' >/dev/null",
                   directory, public);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
}

static void down_with(const hubbub_options_t *options, const char *error)
{
    hubbub_t *chat = hubbub_new(options);
    assert_non_null(chat);
    const hubbub_event_t *event;
    do
        event = await(chat, HUBBUB_DOWN);
    while (event->error == NULL || event->error[0] == '\0');
    assert_string_equal(event->error, error);
    assert_true(event->hint[0] != '\0');
    hubbub_destroy(&chat);
}

static void who_has_a_key_is_in_and_who_has_not_is_told_why(void **state)
{
    (void)state;
    char directory[] = "/tmp/hubbub.XXXXXX", server[64], file[128], other[64];
    assert_non_null(mkdtemp(directory));
    under_keys(directory, server, file);
    broker_t broker = broker_start_with("tcp://127.0.0.1:*", "tcp://127.0.0.1:*", directory);
    hubbub_t *ada = hubbub_new(&(hubbub_options_t){
        .router = broker.router, .key_file = file, .server_key = server, .nick = "ada"});
    assert_non_null(ada);
    assert_string_equal(await(ada, HUBBUB_READY)->nick, "ada");
    (void)await(ada, HUBBUB_JOINED);
    uint64_t request = hubbub_say(ada, "lobby", "under a key");
    assert_string_equal(await(ada, HUBBUB_MESSAGE)->text, "under a key");
    assert_string_equal(await_done(ada, request), "");
    hubbub_destroy(&ada);
    down_with(&(hubbub_options_t){.router = broker.router, .connect_ms = 500}, "handshake_failed");
    memset(other, '0', 40);
    other[40] = '\0';
    down_with(
        &(hubbub_options_t){
            .router = broker.router, .key_file = file, .server_key = other, .connect_ms = 500},
        "handshake_failed");
    char command[512];
    (void)snprintf(command, sizeof command, HUBBUBCTL " --data %s revoke ada >/dev/null",
                   directory);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
    down_with(&(hubbub_options_t){.router = broker.router, .key_file = file, .server_key = server},
              "key_refused");
    broker_stop(&broker, SIGTERM);
    (void)snprintf(command, sizeof command, "rm -r %s", directory);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
}

static void what_cannot_be_is_refused_at_once(void **state)
{
    (void)state;
    assert_null(hubbub_new(&(hubbub_options_t){.router = "nonsense"}));
    assert_int_equal(errno, EINVAL);
    assert_null(hubbub_new(&(hubbub_options_t){.nick = "a|b"}));
    assert_null(hubbub_new(&(hubbub_options_t){.key_file = "/no/such/key"}));
    assert_int_equal(errno, ENOENT);
    assert_null(hubbub_new(&(hubbub_options_t){.server_key = "short"}));
    assert_int_equal(errno, EINVAL);
    assert_null(hubbub_new(&(hubbub_options_t){.secret_key = "short"}));
    assert_int_equal(errno, EINVAL);
    assert_int_equal(errno, EINVAL);
}

static void nothing_happens_after_quit(void **state)
{
    (void)state;
    hubbub_t *mia = connect_as("mia");
    (void)await(mia, HUBBUB_READY);
    hubbub_quit(mia);
    while (hubbub_next(mia, -1))
        continue;
    assert_int_equal(hubbub_say(mia, "lobby", "hm"), 0);
    assert_string_equal(hubbub_error(mia), "no_session");
    hubbub_destroy(&mia);
    hubbub_t *again = connect_as("mia");
    assert_string_equal(await(again, HUBBUB_READY)->nick, "mia");
    hubbub_destroy(&again);
}

static void nobody_there_means_down_again_and_again(void **state)
{
    (void)state;
    hubbub_t *ned = hubbub_new(&(hubbub_options_t){.router = "tcp://127.0.0.1:1"});
    assert_non_null(ned);
    assert_true(await(ned, HUBBUB_DOWN)->retry_ms <= 100);
    assert_true(await(ned, HUBBUB_DOWN)->retry_ms <= 200);
    hubbub_destroy(&ned);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_people_hear_each_other),
        cmocka_unit_test(requests_answer_with_pages_and_errors),
        cmocka_unit_test(what_a_message_carries_comes_through_and_into_history),
        cmocka_unit_test(a_private_room_is_heard_by_the_invited),
        cmocka_unit_test(an_owner_looks_after_a_room),
        cmocka_unit_test(a_refused_nick_can_be_changed),
        cmocka_unit_test(a_flood_is_slowed_down_and_kept_in_order),
        cmocka_unit_test(the_descriptor_fits_any_loop),
        cmocka_unit_test(after_a_broker_without_memory_has_restarted_the_chat_goes_on),
        cmocka_unit_test(a_broker_that_stands_still_is_left_and_resumed),
        cmocka_unit_test(who_has_a_key_is_in_and_who_has_not_is_told_why),
        cmocka_unit_test(what_cannot_be_is_refused_at_once),
        cmocka_unit_test(nothing_happens_after_quit),
        cmocka_unit_test(nobody_there_means_down_again_and_again),
    };
    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
