#include "tests/sim/plan.h"

enum {
    LARGE_EVERY = 50,
    LARGE_USERS = 200,
    SMALL_LEAST = 3,
    SMALL_MOST = 12,
    STEPS = 50,
    RING_BYTES = 1 << 20, /* more than the events of any ring have */
};

static const char *const PUBS[] = {"tcp://*:5681"};

static uint32_t between(random_t *random, uint32_t least, uint32_t most)
{
    return least + random_below(random, most - least + 1);
}

static uint32_t one_of(random_t *random, const uint32_t *list, uint32_t count)
{
    return list[random_below(random, count)];
}

static core_settings_t settings(const plan_t *plan, random_t *random)
{
    static const uint32_t RINGS[] = {8, 64, 512, 512};
    static const uint32_t PENDING[] = {6, 40, 1000, 1000};
    bool has_store = random_below(random, 3) > 0;
    bool has_rate = random_below(random, 4) == 0;
    return (core_settings_t){
        .heartbeat_ms = between(random, 400, 1500),
        .idle_ms = between(random, 2000, 8000),
        .kick_ms = random_below(random, 4) == 0 ? between(random, 2500, 9000) : 0,
        .resume_ms = between(random, 800, 4000),
        .room_keep_ms = between(random, 500, 20000),
        .rate_per_s = has_rate ? between(random, 5, 40) : 0,
        .rate_burst = between(random, 4, 40),
        .links_max = plan->is_large ? 4000 : 400,
        .sessions_max = plan->is_large ? 4000 : 400,
        .rooms_max = ROOMS_MAX,
        .ring_events = one_of(random, RINGS, 4),
        .ring_bytes = RING_BYTES,
        .rings_bytes = UINT64_C(2) * ROOMS_MAX * RING_BYTES,
        .link_backlog_bytes = between(random, 2000, 60000),
        .pending_max = one_of(random, PENDING, 4) * (plan->is_large ? 10 : 1),
        .has_store = has_store,
        .survives_power = random_below(random, 2) == 0,
        .history_events = random_below(random, 3) == 0 ? between(random, 5, 40) : 0,
        .history_keep_ms = random_below(random, 6) == 0 ? between(random, 2000, 9000) : 0,
        .replay_per_s = 1000,
        .pages_max = between(random, 1, 16),
        .pub = PUBS,
        .pub_count = 1,
    };
}

/* Each seed has its own mixture, so that some faults come alone and some all together. */
static weights_t weights(random_t *random)
{
    uint32_t list[10];
    for (int i = 0; i < 10; i++)
        list[i] = random_below(random, 3) == 0 ? 0 : between(random, 1, 6);
    return (weights_t){.cut = list[0],
                       .mute = list[1],
                       .deafen = list[2],
                       .unplug = list[3],
                       .freeze = list[4],
                       .die = list[5],
                       .theft = list[6],
                       .restart = list[7] / 2,
                       .disk = list[8],
                       .clock = list[9] / 2};
}

static void draw_sizes(plan_t *plan, random_t *random)
{
    plan->steps = STEPS;
    if (plan->is_large) {
        plan->users = LARGE_USERS;
        plan->devices = between(random, 30, 90);
        plan->rooms = PRIVATE_FROM;
        plan->privates = between(random, 4, 20);
        return;
    }
    plan->users = between(random, SMALL_LEAST, SMALL_MOST);
    plan->devices = between(random, 2, plan->users);
    plan->rooms = between(random, 1, 5);
    plan->privates = between(random, 0, 3);
}

plan_t plan_make(uint64_t seed, random_t *random)
{
    static const uint32_t PAUSES[] = {10, 60, 100, 250};
    static const uint32_t DELAYS[] = {0, 3, 20, 80};
    static const uint32_t LOSSES[] = {0, 5, 30, 150};
    static const uint32_t COMMITS[] = {0, 0, 4, 30, 200};
    static const uint32_t CHAOS[] = {60, 200, 600, 3000};
    plan_t plan = {.is_large = seed % LARGE_EVERY == 0};
    draw_sizes(&plan, random);
    plan.pause_ms = one_of(random, PAUSES, 4);
    plan.delay_ms = one_of(random, DELAYS, 4);
    plan.publish_loss = one_of(random, LOSSES, 4);
    plan.commit_ms = one_of(random, COMMITS, 5);
    plan.chaos_ms = one_of(random, CHAOS, 4);
    plan.weights = weights(random);
    plan.settings = settings(&plan, random);
    return plan;
}
