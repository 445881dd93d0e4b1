#include "tests/unit/proto.h"

#include "broker/core/epochs.h"

static void an_epoch_ends_where_the_next_began(void **state)
{
    (void)state;
    epochs_t epochs = {0};
    uint64_t first = 0;
    assert_false(epochs_next(&epochs, 7, &first));
    epochs_begin(&epochs, (epoch_t){7, 1}, (epoch_t){9, 101});
    epochs_begin(&epochs, (epoch_t){9, 101}, (epoch_t){12, 101});
    assert_true(epochs_next(&epochs, 7, &first));
    assert_int_equal(first, 101);
    assert_true(epochs_next(&epochs, 9, &first));
    assert_int_equal(first, 101);
    assert_false(epochs_next(&epochs, 12, &first)); /* the current one */
    assert_false(epochs_next(&epochs, 8, &first));
    epochs_fini(&epochs);
    assert_int_equal(epochs.count, 0);
}

static void the_oldest_epochs_are_forgotten(void **state)
{
    (void)state;
    epochs_t epochs = {0};
    uint64_t first;
    for (uint64_t epoch = 1; epoch < 2 * EPOCHS_MAX; epoch++)
        epochs_begin(&epochs, (epoch_t){epoch, epoch}, (epoch_t){epoch + 1, epoch + 1});
    assert_int_equal(epochs.count, EPOCHS_MAX);
    assert_false(epochs_next(&epochs, EPOCHS_MAX, &first));
    assert_true(epochs_next(&epochs, EPOCHS_MAX + 1, &first));
    assert_int_equal(first, EPOCHS_MAX + 2);
    epochs_fini(&epochs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch_ends_where_the_next_began),
        cmocka_unit_test(the_oldest_epochs_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
