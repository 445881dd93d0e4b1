/* Pages of history and replay. */
#include "tests/unit/broker_kit.h"

/* Ada in the lobby with `count` messages, one every 10 ms, the first said 10 ms after the return of
 * the clock; texts are m1, m2 and so on. */
static kit_t *kit_with_messages(unsigned count, uint32_t ring_events, uint64_t *out_began)
{
    core_settings_t settings = kit_settings();
    settings.ring_events = ring_events;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada");
    *out_began = kit_wall_ms(kit);
    char request[64];
    for (unsigned i = 1; i <= count; i++) {
        kit_pass(kit, 10);
        snprintf(request, sizeof request, "say room=lobby text=m%u", i);
        kit_ask(kit, 'A', request);
    }
    kit_forget(kit);
    return kit;
}

/* Asserts that a page holds exactly the messages from `first` to `last`. */
static void assert_page(const frame_t *page, uint64_t first, uint64_t last, const char *expected)
{
    char path[32], text[32];
    ASSERT_HAS(page, expected);
    assert_int_equal(frame_uint(page, "events.#"), last - first + 1);
    for (uint64_t seq = first; seq <= last; seq++) {
        snprintf(path, sizeof path, "events.%u.seq", (unsigned)(seq - first));
        assert_int_equal(frame_uint(page, path), seq);
        snprintf(path, sizeof path, "events.%u.text", (unsigned)(seq - first));
        snprintf(text, sizeof text, "m%u", (unsigned)seq);
        assert_string_equal(frame_get(page, path), text);
    }
}

static void numbers_and_times_exclude_what_they_name(void **state)
{
    (void)state;
    uint64_t began;
    kit_t *kit = kit_with_messages(20, 64, &began);
    const char *all = "more=false oldest=1 head=20 !lost",
               *cut = "more=true oldest=1 head=20 !lost";
    assert_page(kit_ask(kit, 'A', "history room=lobby"), 1, 20, all);
    assert_page(kit_ask(kit, 'A', "history room=lobby limit=5"), 16, 20, cut);
    assert_page(kit_ask(kit, 'A', "history room=lobby before=11"), 1, 10, all);
    assert_page(kit_ask(kit, 'A', "history room=lobby before=11 limit=3"), 8, 10, cut);
    assert_page(kit_ask(kit, 'A', "history room=lobby after=11"), 12, 20, all);
    assert_page(kit_ask(kit, 'A', "history room=lobby after=11 limit=3"), 12, 14, cut);
    assert_page(kit_ask(kit, 'A', "history room=lobby after=11 before=14"), 12, 13, all);
    assert_page(kit_ask(kit, 'A', "history room=lobby after=0 limit=1"), 1, 1, cut);
    assert_page(kit_ask(kit, 'A', "history room=lobby after=20"), 1, 0, all);
    assert_page(kit_ask(kit, 'A', "history room=lobby after=9223372036854775807"), 1, 0, all);
    assert_page(kit_ask(kit, 'A', "history room=lobby before=0"), 1, 0, all);
    assert_page(kit_ask(kit, 'A', "history room=lobby before=1"), 1, 0, all);
    assert_page(kit_ask(kit, 'A', "history room=lobby before=9223372036854775807"), 1, 20, all);
    assert_page(kit_ask(kit, 'A', "history room=lobby after=7 before=5"), 1, 0, all);
    char request[128];
    snprintf(request, sizeof request, "history room=lobby since=%llu", (long long)began + 50);
    assert_page(kit_ask(kit, 'A', request), 6, 20, all);
    snprintf(request, sizeof request, "history room=lobby since=%llu limit=2",
             (long long)began + 49);
    assert_page(kit_ask(kit, 'A', request), 5, 6, cut);
    snprintf(request, sizeof request, "history room=lobby until=%llu limit=2",
             (long long)began + 50);
    assert_page(kit_ask(kit, 'A', request), 3, 4, cut);
    snprintf(request, sizeof request, "history room=lobby until=%llu after=2",
             (long long)began + 51);
    assert_page(kit_ask(kit, 'A', request), 3, 5, all);
    assert_page(kit_ask(kit, 'A', "history room=lobby until=0"), 1, 0, all);
    assert_page(kit_ask(kit, 'A', "history room=lobby since=9223372036854775807"), 1, 0, all);
    ASSERT_HAS(kit_ask(kit, 'A', "history room=lobby limit=0"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "history room=nowhere"), "error=no_such_room");
    ASSERT_HAS(kit_ask(kit, 'B', "hello nick=bob join="), "ok=true");
    assert_page(kit_ask(kit, 'B', "history room=lobby"), 1, 20, all); /* public: open to all */
    kit_destroy(&kit);
}

static void what_is_no_longer_kept_is_said_to_be_lost(void **state)
{
    (void)state;
    uint64_t began;
    kit_t *kit = kit_with_messages(20, 8, &began);
    assert_page(kit_ask(kit, 'A', "history room=lobby"), 13, 20,
                "oldest=13 head=20 more=false !lost");
    assert_page(kit_ask(kit, 'A', "history room=lobby after=10"), 13, 20,
                "lost.0=11 lost.1=12 more=false");
    assert_page(kit_ask(kit, 'A', "history room=lobby after=10 before=12"), 1, 0,
                "lost.0=11 lost.1=11 more=false");
    assert_page(kit_ask(kit, 'A', "history room=lobby after=12"), 13, 20, "!lost");
    assert_page(kit_ask(kit, 'A', "history room=lobby before=15"), 13, 14, "!lost more=false");
    assert_page(kit_ask(kit, 'A', "history room=lobby before=10"), 1, 0, "lost.0=1 lost.1=9");
    assert_page(kit_ask(kit, 'A', "replay room=lobby first=5 last=14"), 13, 14,
                "lost.0=5 lost.1=12 more=false oldest=13 head=20");
    assert_page(kit_ask(kit, 'A', "replay room=lobby first=5 last=6"), 1, 0, "lost.0=5 lost.1=6");
    assert_page(kit_ask(kit, 'A', "replay room=lobby first=0 last=13"), 13, 13,
                "lost.0=1 lost.1=12");
    assert_page(kit_ask(kit, 'A', "replay room=lobby first=13 last=13"), 13, 13, "!lost");
    kit_destroy(&kit);
}

static void a_replay_is_inclusive_and_gives_what_there_is(void **state)
{
    (void)state;
    uint64_t began;
    kit_t *kit = kit_with_messages(20, 64, &began);
    const char *all = "more=false oldest=1 head=20 !lost";
    assert_page(kit_ask(kit, 'A', "replay room=lobby first=3 last=7"), 3, 7, all);
    assert_page(kit_ask(kit, 'A', "replay room=lobby first=0 last=0"), 1, 0, all);
    assert_page(kit_ask(kit, 'A', "replay room=lobby first=19 last=1000"), 19, 20, all);
    assert_page(kit_ask(kit, 'A', "replay room=lobby first=21 last=1000"), 1, 0, all);
    assert_page(kit_ask(kit, 'A', "replay room=lobby first=1 last=9223372036854775807"), 1, 20,
                all);
    ASSERT_HAS(kit_ask(kit, 'A', "replay room=lobby first=2 last=1"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "replay room=lobby first=1"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "replay room=lobby last=1"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "replay room=lobby first=1 last=1 epoch=1"), "error=bad_request");
    ASSERT_HAS(kit_ask(kit, 'A', "replay room=@ first=1 last=1 epoch=1"), "error=bad_request");
    char request[128];
    uint64_t epoch = frame_uint(kit_ask(kit, 'A', "ping"), "heads.lobby.0");
    snprintf(request, sizeof request, "replay room=lobby first=1 last=2 epoch=%llu",
             (long long)epoch);
    assert_page(kit_ask(kit, 'A', request), 1, 2, all);
    uint64_t own = frame_uint(kit_ask(kit, 'A', "ping sid=0"), "heads.@.0");
    snprintf(request, sizeof request, "replay room=@ first=1 last=2 epoch=%llu", (long long)own);
    assert_page(kit_ask(kit, 'A', request), 1, 0, "ok=true head=0 oldest=1");
    kit_destroy(&kit);
}

static void pages_have_their_limits(void **state)
{
    (void)state;
    uint64_t began;
    kit_t *kit = kit_with_messages(600, 1024, &began);
    assert_page(kit_ask(kit, 'A', "history room=lobby"), 401, 600, "more=true");
    assert_page(kit_ask(kit, 'A', "history room=lobby limit=1000"), 401, 600, "more=true");
    assert_page(kit_ask(kit, 'A', "history room=lobby limit=200 after=0"), 1, 200, "more=true");
    assert_page(kit_ask(kit, 'A', "history room=lobby limit=200 after=400"), 401, 600,
                "more=false");
    assert_page(kit_ask(kit, 'A', "replay room=lobby first=1 last=600"), 1, 500, "more=true");
    assert_page(kit_ask(kit, 'A', "replay room=lobby first=101 last=600"), 101, 600, "more=false");
    kit_destroy(&kit);
}

static void a_page_is_cut_so_that_it_fits_a_frame(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada sid=2147483647");
    for (int i = 0; i < 5; i++) /* the longest message there can be */
        ASSERT_HAS(
            kit_ask(kit, 'A',
                    "say sid=2147483647 room=lobby text=*4096 data=*32768 type=*64 rel=reply "
                    "ref=9223372036854775807 thread=9223372036854775807"),
            "ok=true");
    kit_forget(kit);
    ASSERT_HAS(kit_ask(kit, 'A', "history room=lobby sid=2147483647 id=9223372036854775807"),
               "events.#=1 more=true events.0.seq=5 head=5 oldest=1");
    ASSERT_HAS(kit_ask(kit, 'A', "history room=lobby sid=2147483647 after=1"),
               "events.#=1 more=true events.0.seq=2");
    ASSERT_HAS(kit_ask(kit, 'A', "replay room=lobby sid=2147483647 first=3 last=4"),
               "events.#=1 more=true events.0.seq=3");
    kit_destroy(&kit);
}

static void events_are_the_maps_that_were_sent(void **state)
{
    (void)state;
    kit_t *kit = kit_new(NULL);
    kit_ask(kit, 'A', "hello nick=ada");
    kit_pass(kit, 1000);
    kit_forget(kit);
    kit_ask(kit, 'A', "say room=lobby text=x cid=1 x:={\"a\":1} data=abc");
    kit_ask(kit, 'A', "nick nick=countess"); /* changes nothing that was said */
    const frame_t *sent = kit_event(kit, PUB, "message");
    const frame_t *page = kit_ask(kit, 'A', "replay room=lobby first=1 last=1");
    ASSERT_HAS(page, "events.0.from=ada events.0.cid=1 events.0.x.a=1");
    msgpack_sbuffer event;
    msgpack_packer packer;
    msgpack_sbuffer_init(&event);
    msgpack_packer_init(&packer, &event, msgpack_sbuffer_write);
    const msgpack_object_map *map = &page->map.data.via.map;
    for (uint32_t i = 0; i < map->size; i++)
        if (map->ptr[i].key.via.str.size == 6 && map->ptr[i].val.type == MSGPACK_OBJECT_ARRAY)
            msgpack_pack_object(&packer, map->ptr[i].val.via.array.ptr[0]);
    size_t topic = sent->topic.size + 1;
    assert_int_equal(event.size, sent->bytes.size - topic);
    assert_memory_equal(event.data, sent->bytes.data + topic, event.size);
    msgpack_sbuffer_destroy(&event);
    kit_destroy(&kit);
}

static void a_room_that_lost_its_memory_says_so(void **state)
{
    (void)state;
    core_settings_t settings = kit_settings();
    settings.ring_bytes = 65536;
    settings.ring_events = 16;
    settings.rings_bytes = 2 * 65536;
    kit_t *kit = kit_new(&settings);
    kit_ask(kit, 'A', "hello nick=ada join=one,two,three");
    for (int i = 0; i < 2; i++)
        for (const char *room = "one two three"; room; room = strchr(room, ' ')) {
            char request[64];
            room += *room == ' ';
            snprintf(request, sizeof request, "say text=x data=*32000 room=%.*s",
                     (int)strcspn(room, " "), room);
            ASSERT_HAS(kit_ask(kit, 'A', request), "ok=true");
        }
    ASSERT_HAS(kit_ask(kit, 'A', "history room=one"), "events.#=0 head=2 oldest=3 more=false");
    ASSERT_HAS(kit_ask(kit, 'A', "replay room=one first=1 last=2"), "lost.0=1 lost.1=2 events.#=0");
    ASSERT_HAS(kit_ask(kit, 'A', "history room=one since=1 until=9999999999999"), "events.#=0");
    ASSERT_HAS(kit_ask(kit, 'A', "history room=three"), "head=2");
    ASSERT_HAS(kit_ask(kit, 'A', "say room=one text=x"), "seq=3");
    ASSERT_HAS(kit_ask(kit, 'A', "history room=one"), "events.#=1 head=3 oldest=3");
    assert_true(kit_counter(kit, "rings_dropped") >= 1);
    kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_times_exclude_what_they_name),
        cmocka_unit_test(what_is_no_longer_kept_is_said_to_be_lost),
        cmocka_unit_test(a_replay_is_inclusive_and_gives_what_there_is),
        cmocka_unit_test(pages_have_their_limits),
        cmocka_unit_test(a_page_is_cut_so_that_it_fits_a_frame),
        cmocka_unit_test(events_are_the_maps_that_were_sent),
        cmocka_unit_test(a_room_that_lost_its_memory_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
