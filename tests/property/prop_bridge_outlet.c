/* Random rooms, private lines and sockets that take a few bytes at a time, against a naive model.
 *
 * Users enter and leave rooms, lines are said, private lines put, sends end anywhere. The model keeps
 * nothing but a list per user of what was due to them, in the order it came, and checks the stream:
 * only whole lines; each room's lines in order, without holes unless a skip was told, and never twice;
 * private lines in order; a private line after the lines of its room that came before it and before
 * those that came after. Prints its seed; SEED=n replays. */
#include "bridge/core/outlet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

enum {
    ROOMS = 4,
    USERS = 6,
    STEPS = 20000,
    PRIVATE = ROOMS,
    LINE_MAX = 300,
    WAITING_BYTES = 64 * 1024
};

/* What one user is owed and has got. */
typedef struct {
    outlet_t outlet;
    bool is_in[ROOMS];
    uint64_t next[ROOMS + 1]; /* number of the line expected next, per room and for private lines */
    uint64_t put;             /* private lines put so far */
    struct {
        int room; /* -1: none was current */
        uint64_t line;
    } place[STEPS]; /* of each private line */
    char partial[2 * LINE_MAX];
    size_t size;
} user_t;

typedef struct {
    linelog_t *logs[ROOMS];
    user_t users[USERS];
    uint64_t now_ms, random;
} world_t;

static uint32_t draw(world_t *world, uint32_t below)
{
    world->random = world->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((world->random >> 33) % below);
}

/* A line "ROOM NUMBER xxxx\n" of random length. */
static span_t make_line(world_t *world, int room, uint64_t number, char *text)
{
    int size = snprintf(text, LINE_MAX, "%d %llu ", room, (unsigned long long)number);
    size_t padding = draw(world, draw(world, 20) == 0 ? 200 : 10);
    memset(text + size, 'x', padding);
    text[(size_t)size + padding] = '\n';
    return (span_t){text, (size_t)size + padding + 1};
}

static void check_line(user_t *user, const char *text)
{
    char *end;
    unsigned long long skipped;
    if (sscanf(text, "... %llu lines skipped", &skipped) == 1) {
        /* whose they were is seen from the next line of that room */
        return;
    }
    long room = strtol(text, &end, 10);
    uint64_t number = strtoull(end, &end, 10);
    assert_true(room >= 0 && room <= PRIVATE && *end == ' ');
    if (number != user->next[room])
        fail_msg("room %ld: line %llu, expected %llu", room, (unsigned long long)number,
                 (unsigned long long)user->next[room]);
    user->next[room]++;
    if (room == PRIVATE) {
        int at = user->place[number].room;
        if (at >= 0 && user->is_in[at])
            assert_true(user->next[at] >= user->place[number].line);
        return;
    }
    uint64_t told = user->next[PRIVATE];
    if (told < user->put && user->place[told].room == room)
        assert_true(number < user->place[told].line);
}

static void receive(user_t *user, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        assert_true(user->size + 1 < sizeof user->partial);
        user->partial[user->size++] = bytes[i];
        if (bytes[i] != '\n')
            continue;
        user->partial[user->size] = '\0';
        check_line(user, user->partial);
        user->size = 0;
    }
}

static void send_some(world_t *world, user_t *user, size_t most)
{
    plan_t plan;
    outlet_plan(&user->outlet, LANGUAGE_en, &plan);
    size_t size = most < plan.bytes ? most : plan.bytes, left = size;
    for (int i = 0; i < plan.count && left > 0; i++) {
        size_t piece = plan.pieces[i].iov_len < left ? plan.pieces[i].iov_len : left;
        receive(user, plan.pieces[i].iov_base, piece);
        left -= piece;
    }
    outlet_sent(&user->outlet, &plan, size);
    (void)world;
}

static void say(world_t *world)
{
    char text[LINE_MAX];
    int room = (int)draw(world, ROOMS);
    uint64_t number = linelog_end(world->logs[room]);
    linelog_append(world->logs[room], make_line(world, room, number, text), world->now_ms);
}

static void tell(world_t *world, user_t *user)
{
    char text[LINE_MAX];
    int room = (int)draw(world, ROOMS);
    user->place[user->put].room = user->is_in[room] ? room : -1;
    user->place[user->put].line = linelog_end(world->logs[room]);
    span_t line = make_line(world, PRIVATE, user->put, text);
    if (outlet_put(&user->outlet, line, (uint32_t)room, WAITING_BYTES) == 0)
        user->put++;
}

static void enter_or_leave(world_t *world, user_t *user)
{
    uint32_t room = draw(world, ROOMS);
    if (user->is_in[room]) {
        outlet_leave(&user->outlet, room);
        for (uint64_t i = user->next[PRIVATE]; i < user->put; i++)
            if (user->place[i].room == (int)room)
                user->place[i].room = -1;
    } else {
        send_some(world, user,
                  SIZE_MAX); /* a line broken by leaving goes out: it has no successor */
        outlet_enter(&user->outlet, room, world->logs[room], 0);
        user->next[room] = linelog_end(world->logs[room]);
    }
    user->is_in[room] = !user->is_in[room];
}

static void step(world_t *world)
{
    user_t *user = &world->users[draw(world, USERS)];
    switch (draw(world, 16)) {
    case 0:
        /* leaving in the midst of a line is a case of its own in the unit tests */
        if (user->size == 0)
            enter_or_leave(world, user);
        break;
    case 1:
    case 2:
    case 3:
        tell(world, user);
        break;
    case 4:
        world->now_ms += draw(world, 500);
        break;
    case 5:
    case 6:
    case 7:
    case 8:
        send_some(world, user, draw(world, 200));
        break;
    case 9:
        send_some(world, user, SIZE_MAX);
        break;
    default:
        say(world);
    }
}

static void drain(world_t *world)
{
    for (int i = 0; i < USERS; i++) {
        user_t *user = &world->users[i];
        for (int turn = 0; turn < STEPS && !outlet_is_done(&user->outlet); turn++)
            send_some(world, user, 1 + draw(world, 5000));
        assert_int_equal(user->size, 0);
        assert_int_equal(user->next[PRIVATE], user->put);
        for (int room = 0; room < ROOMS; room++)
            if (user->is_in[room])
                assert_int_equal(user->next[room], linelog_end(world->logs[room]));
    }
}

static uint64_t seed(void)
{
    const char *given = getenv("SEED");
    return given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
}

static void users_get_whole_lines_in_order_whatever_their_socket_takes(void **state)
{
    (void)state;
    uint64_t first = seed();
    for (uint64_t round = 0; round < 5; round++) {
        print_message("SEED=%llu\n", (unsigned long long)first + round);
        world_t *world = calloc(1, sizeof *world);
        world->random = first + round;
        world->now_ms = 1;
        for (int i = 0; i < ROOMS; i++)
            world->logs[i] = linelog_new();
        for (int i = 0; i < STEPS; i++)
            step(world);
        drain(world);
        for (int i = 0; i < USERS; i++)
            outlet_fini(&world->users[i].outlet);
        for (int i = 0; i < ROOMS; i++)
            linelog_destroy(&world->logs[i]);
        free(world);
    }
}

/* One user who reads in fits and starts while a log drops lines: received and skipped add up. */
static void what_is_received_and_what_is_skipped_add_up(void **state)
{
    (void)state;
    world_t *world = calloc(1, sizeof *world);
    outlet_t outlet = {0};
    plan_t plan;
    static char line[8192];
    uint64_t received = 0, skipped = 0, told = 0, written = 0;
    world->random = seed();
    print_message("SEED=%llu\n", (unsigned long long)world->random);
    linelog_t *log = linelog_new();
    memset(line, 'x', sizeof line);
    outlet_enter(&outlet, 0, log, 0);
    char seen[16384];
    size_t size = 0;
    for (int i = 0; i < 20000 || !outlet_is_done(&outlet); i++) {
        if (i < 20000) {
            size_t length = 1 + draw(world, sizeof line);
            line[length - 1] = '\n';
            linelog_append(log, (span_t){line, length}, 1);
            line[length - 1] = 'x';
            written++;
        }
        if (draw(world, 1500) != 0 && i < 20000)
            continue;
        outlet_plan(&outlet, LANGUAGE_en, &plan);
        skipped += plan.skipped;
        size_t most = draw(world, 100000), left = plan.bytes < most ? plan.bytes : most,
               sent = left;
        for (int k = 0; k < plan.count && left > 0; k++)
            for (size_t at = 0; at < plan.pieces[k].iov_len && left > 0; at++, left--) {
                assert_true(size < sizeof seen - 1);
                seen[size++] = ((const char *)plan.pieces[k].iov_base)[at];
                if (seen[size - 1] != '\n')
                    continue;
                seen[size] = '\0';
                if (seen[0] == '.')
                    told += strtoull(seen + 4, NULL, 10);
                else
                    received++;
                size = 0;
            }
        outlet_sent(&outlet, &plan, sent);
    }
    assert_int_equal(size, 0);
    assert_true(skipped > 0);
    assert_int_equal(told, skipped);
    assert_int_equal(received + skipped, written);
    outlet_fini(&outlet);
    linelog_destroy(&log);
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users_get_whole_lines_in_order_whatever_their_socket_takes),
        cmocka_unit_test(what_is_received_and_what_is_skipped_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
