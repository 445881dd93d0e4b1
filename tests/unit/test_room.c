#include "tests/unit/proto.h"

#include "broker/core/room.h"

static void a_private_room_shows_itself_to_members_and_is_hinted_to_the_invited(void **state)
{
    (void)state;
    room_t room = {.id = 9, .is_private = true};
    session_t member = {.id = 1}, invited = {.id = 2}, stranger = {.id = 3};
    session_add_membership(&member, room.id, 1);
    assert_int_equal(room_invite(&room, invited.id, 0), HUB_OK);
    assert_int_equal(room_may_read(&room, &member), HUB_OK);
    assert_int_equal(room_may_read(&room, &invited), HUB_NOT_MEMBER);
    assert_int_equal(room_may_read(&room, &stranger), HUB_NO_SUCH_ROOM);
    room_uninvite(&room, invited.id);
    room_uninvite(&room, stranger.id); /* fine */
    assert_int_equal(room_may_read(&room, &invited), HUB_NO_SUCH_ROOM);
    session_fini(&member);
    room_fini(&room);
}

static void a_public_room_shows_itself_to_all(void **state)
{
    (void)state;
    room_t room = {.id = 9};
    session_t stranger = {.id = 3};
    assert_int_equal(room_may_read(&room, &stranger), HUB_OK);
    assert_false(room_has(&room, &stranger));
}

static void invitations_have_a_limit_and_count_once(void **state)
{
    (void)state;
    room_t room = {.id = 9, .is_private = true};
    for (uint64_t session = 1; session <= LIMIT_INVITES_PER_ROOM; session++)
        assert_int_equal(room_invite(&room, session, 0), HUB_OK);
    assert_int_equal(room_invite(&room, 5, 0), HUB_OK);
    assert_int_equal(room_invite(&room, 1000, 0), HUB_FULL);
    assert_false(room_is_invited(&room, 1000));
    room_uninvite(&room, 5);
    assert_int_equal(room_invite(&room, 1000, 0), HUB_OK);
    assert_true(room_is_invited(&room, 1000));
    assert_false(room_is_invited(&room, 5));
    room_fini(&room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_private_room_shows_itself_to_members_and_is_hinted_to_the_invited),
        cmocka_unit_test(a_public_room_shows_itself_to_all),
        cmocka_unit_test(invitations_have_a_limit_and_count_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
