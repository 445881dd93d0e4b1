/* The walk accepts a frame exactly where a naive reader does, written another way: it reads the
 * specification's list of forms one by one, with recursion and no tables. */
#include "tests/unit/proto.h"

#include "tests/property/random.h"

#include "proto/walk.h"

typedef struct {
    const uint8_t *data;
    size_t size, at, values;
    bool is_bad;
} naive_t;

static uint64_t take(naive_t *self, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        if (self->at >= self->size) {
            self->is_bad = true;
            return 0;
        }
        value = value * 256 + self->data[self->at++];
    }
    return value;
}

static void jump(naive_t *self, uint64_t count)
{
    if (count > self->size - self->at)
        self->is_bad = true;
    else
        self->at += count;
}

static void read_value(naive_t *self, unsigned depth, bool is_string_wanted);

static void read_many(naive_t *self, uint64_t count, unsigned depth, bool is_map)
{
    if (depth > LIMIT_NESTING)
        self->is_bad = true;
    for (uint64_t i = 0; i < count && !self->is_bad; i++) {
        if (is_map)
            read_value(self, depth, depth == 1);
        read_value(self, depth, false);
    }
}

static void read_value(naive_t *self, unsigned depth, bool is_string_wanted)
{
    if (++self->values > LIMIT_VALUES)
        self->is_bad = true;
    uint64_t c = take(self, 1);
    bool is_string = (c >= 0xa0 && c <= 0xbf) || (c >= 0xd9 && c <= 0xdb);
    if (self->is_bad || (is_string_wanted && !is_string)) {
        self->is_bad = true;
        return;
    }
    if (c <= 0x7f || c >= 0xe0 || c == 0xc0 || c == 0xc2 || c == 0xc3)
        return;
    if (c <= 0x8f)
        read_many(self, c - 0x80, depth + 1, true);
    else if (c <= 0x9f)
        read_many(self, c - 0x90, depth + 1, false);
    else if (c <= 0xbf)
        jump(self, c - 0xa0);
    else if (c >= 0xc4 && c <= 0xc6)
        jump(self, take(self, (size_t)1 << (c - 0xc4)));
    else if (c >= 0xc7 && c <= 0xc9)
        jump(self, take(self, (size_t)1 << (c - 0xc7)) + 1);
    else if (c == 0xca || c == 0xcb)
        jump(self, c == 0xca ? 4 : 8);
    else if (c >= 0xcc && c <= 0xcf)
        jump(self, (uint64_t)1 << (c - 0xcc));
    else if (c >= 0xd0 && c <= 0xd3)
        jump(self, (uint64_t)1 << (c - 0xd0));
    else if (c >= 0xd4 && c <= 0xd8)
        jump(self, ((uint64_t)1 << (c - 0xd4)) + 1);
    else if (c >= 0xd9 && c <= 0xdb)
        jump(self, take(self, (size_t)1 << (c - 0xd9)));
    else if (c == 0xdc || c == 0xdd)
        read_many(self, take(self, c == 0xdc ? 2 : 4), depth + 1, false);
    else if (c == 0xde || c == 0xdf)
        read_many(self, take(self, c == 0xde ? 2 : 4), depth + 1, true);
    else
        self->is_bad = true;
}

static bool naive_accepts(const uint8_t *data, size_t size)
{
    if (size == 0 || !((data[0] >= 0x80 && data[0] <= 0x8f) || data[0] >= 0xde))
        return false;
    if (data[0] > 0xdf)
        return false;
    naive_t naive = {.data = data, .size = size};
    read_value(&naive, 0, false);
    return !naive.is_bad && naive.at == naive.size;
}

enum { MOST_BYTES = 512 };

/* Bytes that are often msgpack: short counts, forms in favour, random bodies. */
static size_t generate(random_t *random, uint8_t *out)
{
    size_t size = random_below(random, random_below(random, 4) ? 24 : MOST_BYTES);
    for (size_t i = 0; i < size; i++)
        switch (random_below(random, 4)) {
        case 0:
            out[i] = (uint8_t)random_next(random);
            break;
        case 1:
            out[i] = (uint8_t)(0xc0 + random_below(random, 32));
            break;
        case 2:
            out[i] = (uint8_t)random_below(random, 4);
            break;
        default:
            out[i] = (uint8_t)(0x80 + 16 * random_below(random, 3) + random_below(random, 3));
        }
    if (size > 0 && random_below(random, 8))
        out[0] = (uint8_t)(0x80 + random_below(random, 4));
    if (size > 1 && random_below(random, 8))
        out[1] = (uint8_t)(0xa0 + random_below(random, 2));
    return size;
}

static void the_walk_accepts_what_a_naive_reader_accepts(void **state)
{
    (void)state;
    enum { FRAMES = 2000000 };
    random_t random = random_begin();
    uint8_t bytes[MOST_BYTES];
    unsigned accepted = 0;
    for (unsigned i = 0; i < FRAMES; i++) {
        size_t size = generate(&random, bytes);
        bool is_good = naive_accepts(bytes, size);
        accepted += is_good;
        if ((walk_frame(bytes, size) == HUB_OK) != is_good)
            fail_msg("SEED=%llu frame %u: the naive reader says %d",
                     (unsigned long long)random.seed, i, is_good);
    }
    printf("%u of %u accepted\n", accepted, FRAMES);
    assert_true(accepted > FRAMES / 1000 && accepted < FRAMES / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_walk_accepts_what_a_naive_reader_accepts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
