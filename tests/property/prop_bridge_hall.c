/* Sweeps in slices: whatever comes and whoever enters and leaves between two slices, everybody who is in a room is
 * written to after its last line, and rooms take turns. See bridge/shell/hall.h. */
#include "bridge/shell/hall.h"
#include "tests/property/random.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { USERS = 40, ROOMS = 6, STEPS = 20000, SLICE = 5 };

typedef struct {
    hall_t hall;
    user_t users[USERS];
    bool owed[ROOMS][USERS]; /* a line came since this reader was last written to */
    uint64_t now_us;
    random_t random;
} world_t;

static bool is_in(world_t *world, uint32_t room, int user)
{
    return outlet_cursor(&world->users[user].outlet, room) != NULL;
}

static void enter_or_leave(world_t *world)
{
    uint32_t room = random_below(&world->random, ROOMS);
    int user = (int)random_below(&world->random, USERS);
    char name[2] = {'a', (char)('0' + room)};
    if (is_in(world, room, user))
        hall_leave(&world->hall, room, &world->users[user]);
    else
        hall_enter(&world->hall, room, (span_t){name, 2}, &world->users[user]);
    world->owed[room][user] = false;
}

static void say(world_t *world)
{
    uint32_t number = random_below(&world->random, ROOMS);
    room_t *room = hall_find(&world->hall, number);
    if (room == NULL)
        return;
    hall_grow(&world->hall, room, world->now_us);
    for (int i = 0; i < USERS; i++)
        world->owed[number][i] = is_in(world, number, i);
}

/* What the bridge does within a turn. Returns how many were written to. */
static size_t sweep_slice(world_t *world, size_t budget)
{
    size_t written = 0;
    hall_look(&world->hall, world->now_us);
    room_t *room;
    while (written < budget && (room = hall_due(&world->hall)) != NULL) {
        for (; room->swept < room->member_count && written < budget; written++) {
            const user_t *user = room->members[room->swept++];
            world->owed[room->number][user - world->users] = false;
            room->sweep.writes++;
            room->sweep.lines += random_below(&world->random, 3);
        }
        room->sweep.us += random_below(&world->random, 300);
        hall_next(&world->hall, world->now_us);
    }
    return written;
}

static void check_places(world_t *world)
{
    for (uint32_t number = 0; number < ROOMS; number++) {
        const room_t *room = hall_find(&world->hall, number);
        for (size_t i = 0; room && i < room->member_count; i++)
            assert_int_equal(outlet_cursor(&room->members[i]->outlet, number)->place, i);
    }
}

/* Time goes on until nothing is due any more. */
static void come_to_rest(world_t *world)
{
    for (uint64_t us; (us = hall_wait_us(&world->hall, world->now_us)) != GATHER_NEVER;) {
        assert_true(us <= GATHER_US + GATHER_MORE_US);
        world->now_us += us;
        sweep_slice(world, SLICE);
    }
    for (int room = 0; room < ROOMS; room++)
        for (int user = 0; user < USERS; user++)
            assert_false(world->owed[room][user]);
}

static void one_step(world_t *world)
{
    world->now_us += random_below(&world->random, 100);
    switch (random_below(&world->random, 8)) {
    case 0:
    case 1:
    case 2:
        enter_or_leave(world);
        break;
    case 3:
    case 4:
        say(world);
        break;
    case 5:
        hall_rested(&world->hall);
        break;
    default:
        sweep_slice(world, 1 + random_below(&world->random, SLICE));
    }
}

static void everybody_in_a_room_is_written_to_after_its_last_line(void **state)
{
    (void)state;
    static world_t world;
    world.random = random_begin();
    for (int i = 0; i < STEPS; i++) {
        one_step(&world);
        if (i % 64 == 0) {
            check_places(&world);
            come_to_rest(&world);
        }
    }
    come_to_rest(&world);
    for (int i = 0; i < USERS; i++)
        hall_leave_all(&world.hall, &world.users[i]);
    assert_int_equal(world.hall.count, 0);
    for (int i = 0; i < USERS; i++)
        outlet_fini(&world.users[i].outlet);
    hall_fini(&world.hall);
}

static void a_small_room_waits_for_one_slice_of_a_large_one(void **state)
{
    (void)state;
    static world_t world;
    world.random = (random_t){1, 1};
    for (int i = 0; i < USERS; i++)
        hall_enter(&world.hall, i < USERS - 2 ? 0 : 1, (span_t){"r", 1}, &world.users[i]);
    hall_grow(&world.hall, hall_find(&world.hall, 0), 0);
    sweep_slice(&world, SLICE);
    hall_grow(&world.hall, hall_find(&world.hall, 1), 0);
    world.owed[1][USERS - 1] = true;
    sweep_slice(&world, SLICE); /* of the large one */
    assert_true(world.owed[1][USERS - 1]);
    sweep_slice(&world, SLICE);
    assert_false(world.owed[1][USERS - 1]);
    assert_int_equal(hall_wait_us(&world.hall, 0), 0); /* the large one is not done */
    for (int i = 0; i < USERS; i++)
        hall_leave_all(&world.hall, &world.users[i]);
    hall_fini(&world.hall);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_in_a_room_is_written_to_after_its_last_line),
        cmocka_unit_test(a_small_room_waits_for_one_slice_of_a_large_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
