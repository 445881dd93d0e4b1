/* tests/sim/plan.h - what kind of world a seed makes: how many of what, how slow, how faulty. */
#ifndef TESTS_SIM_PLAN_H
#define TESTS_SIM_PLAN_H

#include "broker/core/core.h"
#include "tests/property/random.h"

enum {
    ROOMS_MAX = 64,
    PRIVATE_FROM = 40
}; /* rooms by number; from PRIVATE_FROM on they are private */

/* What may break, by how often: weights, 0 for never. */
typedef struct {
    uint32_t cut;     /* a connection ends; the DEALER connects again by itself */
    uint32_t mute;    /* a connection swallows everything, and nobody is told */
    uint32_t deafen;  /* a SUB gets nothing for a while */
    uint32_t unplug;  /* a SUB loses its connection */
    uint32_t freeze;  /* a device stands still for a while */
    uint32_t die;     /* a device's process ends; another is started in its place */
    uint32_t theft;   /* somebody resumes a session with its token, elsewhere */
    uint32_t restart; /* the broker dies */
    uint32_t disk;    /* the disk is full for a while */
    uint32_t clock;   /* the wall clock jumps */
} weights_t;

typedef struct {
    bool is_large;
    uint32_t users, devices, rooms, privates; /* devices carry one user or many */
    uint32_t steps;                           /* of each user */
    uint32_t pause_ms;                        /* between a user's steps, at most */
    uint32_t delay_ms;                        /* of a frame, at most */
    uint32_t publish_loss;                    /* of a thousand PUB frames at each SUB */
    uint32_t commit_ms;                       /* how long the disk takes, at most */
    uint32_t chaos_ms;                        /* between faults, at most */
    weights_t weights;
    core_settings_t settings;
} plan_t;

/* The plan of a seed. */
plan_t plan_make(uint64_t seed, random_t *random);

#endif
