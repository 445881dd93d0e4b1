#include "tests/unit/proto.h"

#include "broker/core/mint.h"

static const uint8_t ENTROPY[MINT_ENTROPY_BYTES] = "the same entropy all over again";

static void a_name_is_sixteen_characters_of_base32(void **state)
{
    (void)state;
    mint_t mint = {0};
    char name[MINT_NAME_CHARS + 1] = {0};
    mint_name(&mint, ENTROPY, name);
    assert_int_equal(strlen(name), 16);
    assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz234567"), 16);
}

static void nothing_is_made_twice_even_of_the_same_entropy(void **state)
{
    (void)state;
    enum { MANY = 1000 };
    mint_t mint = {0};
    static char names[MANY][MINT_NAME_CHARS + 1];
    for (int i = 0; i < MANY; i++) {
        mint_name(&mint, ENTROPY, names[i]);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(names[i], names[k]);
    }
    assert_true(mint_number(&mint, ENTROPY) != mint_number(&mint, ENTROPY));
}

static void other_entropy_makes_other_names(void **state)
{
    (void)state;
    static const uint8_t OTHER[MINT_ENTROPY_BYTES] = "the same entropy all over agaiN";
    mint_t mint = {0}, twin = {0};
    char one[MINT_NAME_CHARS + 1] = {0}, two[MINT_NAME_CHARS + 1] = {0};
    mint_name(&mint, ENTROPY, one);
    mint_name(&twin, OTHER, two);
    assert_string_not_equal(one, two);
}

static void a_token_tells_its_owner_and_is_known_by_its_hash(void **state)
{
    (void)state;
    mint_t mint = {0};
    uint8_t token[TOKEN_BYTES], other[TOKEN_BYTES];
    uint8_t hash[TOKEN_HASH_BYTES], again[TOKEN_HASH_BYTES], changed[TOKEN_HASH_BYTES];
    mint_token(&mint, ENTROPY, 42, token);
    mint_token(&mint, ENTROPY, 42, other);
    assert_int_equal(mint_token_owner(token), 42);
    assert_memory_not_equal(token, other, TOKEN_BYTES);
    mint_token_hash(token, hash);
    mint_token_hash(token, again);
    assert_memory_equal(hash, again, TOKEN_HASH_BYTES);
    for (int i = 0; i < TOKEN_BYTES; i++) {
        memcpy(other, token, TOKEN_BYTES);
        other[i] ^= 1;
        mint_token_hash(other, changed);
        assert_memory_not_equal(hash, changed, TOKEN_HASH_BYTES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_sixteen_characters_of_base32),
        cmocka_unit_test(nothing_is_made_twice_even_of_the_same_entropy),
        cmocka_unit_test(other_entropy_makes_other_names),
        cmocka_unit_test(a_token_tells_its_owner_and_is_known_by_its_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
