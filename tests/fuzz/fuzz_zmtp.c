/* What the other end sends, to each of our roles: in whatever pieces it comes, the same frames, topics and pings are found. */
#include "proto/zmtp.h"

#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

/* What was found, as a sum over kinds, sizes and bytes. */
typedef struct {
    uint64_t sum, count;
    bool is_wrong;
    size_t used;
} finding_t;

static void note(finding_t *finding, zmtp_found_t found, span_t taken)
{
    finding->count++;
    finding->sum = finding->sum * 31 + found * 7u + taken.size;
    for (size_t i = 0; i < taken.size; i++)
        finding->sum = finding->sum * 31 + (uint8_t)taken.data[i];
}

static void note_topic(finding_t *finding, span_t frame)
{
    span_t topic;
    bool is_wanted;
    if (!zmtp_topic(frame, &topic, &is_wanted))
        return;
    assert(topic.size + 1 == frame.size && topic.data == frame.data + 1);
    finding->sum += is_wanted;
}

/* Takes all there is of what has come so far. */
static void take(zmtp_t *zmtp, const uint8_t *data, size_t size, finding_t *finding)
{
    size_t left = size - finding->used;
    char *bytes = malloc(left + 1); /* of its own, so that asan sees one byte too far */
    assert(bytes);
    memcpy(bytes, data + finding->used, left);
    span_t input = {bytes, left}, taken = {0};
    zmtp_found_t found = zmtp_take(zmtp, &input, &taken);
    for (; found == ZMTP_FRAME || found == ZMTP_PING; found = zmtp_take(zmtp, &input, &taken)) {
        assert(taken.size <= LIMIT_FRAME_BYTES && taken.data + taken.size <= input.data);
        note(finding, found, taken);
        note_topic(finding, taken);
        finding->sum += zmtp->has_more;
    }
    finding->is_wrong = found == ZMTP_WRONG;
    finding->used = size - input.size;
    assert(finding->is_wrong || input.size < ZMTP_WHOLE_BYTES);
    free(bytes);
}

static void try_role(zmtp_role_t role, const uint8_t *data, size_t size)
{
    zmtp_t whole = {.role = role}, piecewise = {.role = role};
    finding_t first = {0}, second = {0};
    take(&whole, data, size, &first);
    size_t step = size / 16 + 1;
    for (size_t at = 0; at <= size && !second.is_wrong; at = at == size         ? size + 1
                                                             : at + step < size ? at + step
                                                                                : size)
        take(&piecewise, data, at, &second);
    assert(first.is_wrong == second.is_wrong && first.count == second.count &&
           first.sum == second.sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const zmtp_role_t ROLES[] = {ZMTP_DEALER, ZMTP_ROUTER, ZMTP_PUB};
    for (size_t i = 0; i < sizeof ROLES / sizeof ROLES[0]; i++)
        try_role(ROLES[i], data, size);
    return 0;
}
