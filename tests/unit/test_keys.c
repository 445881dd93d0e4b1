/* base/curve, certificate, credentials, enrolment, invitation: keys and where they are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <czmq.h>
#include <errno.h>

#include "base/credentials.h"
#include "base/enrolment.h"
#include "base/invitation.h"

static char directory[64];

static int make_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/hub-keys-XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command);
}

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static void write_text(const char *path, const char *text, unsigned mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, (mode_t)mode), 0);
}

static void keys_are_written_as_libzmq_writes_them(void **state)
{
    (void)state;
    uint8_t public_key[CURVE_KEY_BYTES], secret[CURVE_KEY_BYTES], back[CURVE_KEY_BYTES];
    char ours[CURVE_TEXT_CHARS + 1], theirs[CURVE_TEXT_CHARS + 1], derived[CURVE_TEXT_CHARS + 1];
    for (int i = 0; i < 100; i++) {
        curve_new(public_key, secret);
        curve_encode(secret, ours);
        assert_non_null(zmq_z85_encode(theirs, secret, sizeof secret));
        assert_string_equal(ours, theirs);
        assert_true(curve_decode(ours, strlen(ours), back));
        assert_memory_equal(back, secret, sizeof secret);
        assert_int_equal(zmq_curve_public(derived, theirs), 0);
        curve_encode(public_key, ours);
        assert_string_equal(ours, derived);
    }
}

static void what_is_no_key_is_refused(void **state)
{
    (void)state;
    uint8_t key[CURVE_KEY_BYTES] = {7};
    static const char *const WRONG[] = {
        "",
        "0000000000000000000000000000000000000000 ",
        "000000000000000000000000000000000000000",
        "00000000000000000000000000000000000 0000",
        "00000000000000000000000000000000000~0000",
        "###########################################",
        "########################################", /* more than 32 bits in five letters */
    };
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
        assert_false(curve_decode(WRONG[i], strlen(WRONG[i]), key));
    assert_int_equal(key[0], 7);
}

static void czmq_reads_what_we_write(void **state)
{
    (void)state;
    certificate_t made;
    char text[CURVE_TEXT_CHARS + 1];
    certificate_new(&made);
    snprintf(made.name, sizeof made.name, "ada");
    assert_true(certificate_write(path_of("mine.key_secret"), &made, true));
    zcert_t *read = zcert_load(path_of("mine.key"));
    assert_non_null(read);
    curve_encode(made.public_key, text);
    assert_string_equal(zcert_public_txt(read), text);
    curve_encode(made.secret_key, text);
    assert_string_equal(zcert_secret_txt(read), text);
    assert_string_equal(zcert_meta(read, "name"), "ada");
    zcert_destroy(&read);
    certificate_fini(&made);
    static const uint8_t ZEROS[CURVE_KEY_BYTES];
    assert_memory_equal(made.secret_key, ZEROS, sizeof ZEROS);
}

static void we_read_what_czmq_writes(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) { /* Z85 has letters that mean something in the format */
        zcert_t *made = zcert_new();
        zcert_set_meta(made, "name", "%s", "bob");
        zcert_set_meta(made, "email", "%s", "bob@example.org");
        assert_int_equal(zcert_save(made, path_of("theirs")), 0);
        certificate_t secret, public_only;
        assert_int_equal(certificate_read(path_of("theirs_secret"), &secret), CERTIFICATE_OK);
        assert_int_equal(certificate_read(path_of("theirs"), &public_only), CERTIFICATE_OK);
        assert_string_equal(secret.name, "bob");
        assert_true(secret.has_secret && !public_only.has_secret);
        assert_memory_equal(secret.secret_key, zcert_secret_key(made), CURVE_KEY_BYTES);
        assert_memory_equal(public_only.public_key, zcert_public_key(made), CURVE_KEY_BYTES);
        zcert_destroy(&made);
    }
}

static void everything_known_of_a_key_is_kept(void **state)
{
    (void)state;
    certificate_t made, read;
    certificate_new(&made);
    snprintf(made.name, sizeof made.name, "ada");
    snprintf(made.router, sizeof made.router, "tcp://chat.example.org:5680");
    made.is_operator = made.has_server_key = true;
    memset(made.server_key, 9, sizeof made.server_key);
    made.enrolled_s = 1700000000, made.expires_s = 1800000000, made.used_s = 1750000000;
    assert_true(certificate_write(path_of("whole"), &made, true));
    assert_int_equal(certificate_read(path_of("whole"), &read), CERTIFICATE_OK);
    assert_memory_equal(&made, &read, sizeof made);
}

static void a_key_file_is_for_its_owner_alone(void **state)
{
    (void)state;
    certificate_t made, read;
    struct stat about;
    certificate_new(&made);
    assert_true(certificate_write(path_of("closed"), &made, true));
    assert_int_equal(stat(path_of("closed"), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(chmod(path_of("closed"), 0640), 0);
    assert_int_equal(certificate_read(path_of("closed"), &read), CERTIFICATE_EXPOSED);
}

static void a_key_that_is_there_is_not_overwritten_by_a_new_one(void **state)
{
    (void)state;
    certificate_t first, second, read;
    certificate_new(&first);
    certificate_new(&second);
    assert_true(certificate_write(path_of("once"), &first, true));
    assert_false(certificate_write(path_of("once"), &second, true));
    assert_int_equal(errno, EEXIST);
    assert_int_equal(certificate_read(path_of("once"), &read), CERTIFICATE_OK);
    assert_memory_equal(read.public_key, first.public_key, CURVE_KEY_BYTES);
}

static void a_key_that_was_removed_is_not_written_again(void **state)
{
    (void)state;
    certificate_t made, read;
    certificate_new(&made);
    assert_false(certificate_write(path_of("gone"), &made, false));
    assert_int_equal(errno, ENOENT);
    assert_int_equal(access(path_of("gone"), F_OK), -1);
    assert_true(certificate_write(path_of("gone"), &made, true));
    made.used_s = 1750000000;
    assert_true(certificate_write(path_of("gone"), &made, false));
    assert_int_equal(certificate_read(path_of("gone"), &read), CERTIFICATE_OK);
    assert_true(read.used_s == 1750000000);
}

static void files_that_are_no_certificates_are_refused(void **state)
{
    (void)state;
    static const char KEY[] = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";
    static const char *const WRONG[] = {
        "",
        "curve\n",
        "public-key = \"%s\"\n", /* in no section */
        "metadata\n    public-key = \"%s\"\n",
        "curve\n    public-key = \"%s\n",                            /* no end of the quote */
        "curve\n    public-key = \"x%s\"\n",                         /* too long */
        "curve\n    public-key = \"%s\"\n    secret-key = \"%s\"\n", /* no pair */
        "metadata\n    enrolled-at = \"yesterday\"\ncurve\n    public-key = \"%s\"\n",
    };
    certificate_t read;
    char text[512];
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(text, sizeof text, WRONG[i], KEY, KEY);
#pragma GCC diagnostic pop
        assert_false(certificate_parse(text, strlen(text), &read));
    }
    snprintf(text, sizeof text, "# a comment\r\ncurve\r\n\tpublic-key=\"%s\" # mine", KEY);
    assert_true(certificate_parse(text, strlen(text), &read));
    write_text(path_of("garbage"), "hello", 0600);
    assert_int_equal(certificate_read(path_of("garbage"), &read), CERTIFICATE_MALFORMED);
    assert_int_equal(certificate_read(path_of("nothing"), &read), CERTIFICATE_UNREADABLE);
}

static void names_of_keys_are_safe_as_file_names(void **state)
{
    (void)state;
    assert_true(enrolment_is_name("ada"));
    assert_true(enrolment_is_name("A.d-a_1"));
    assert_true(enrolment_is_name("12345678901234567890123456789012"));
    static const char *const WRONG[] = {"",     ".",        "..",
                                        ".ada", "a/b",      "a b",
                                        "a\n",  "\xc3\xa4", "123456789012345678901234567890123"};
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
        assert_false(enrolment_is_name(WRONG[i]));
}

static void count_name(void *context, const char *name)
{
    assert_string_equal(name, "ada");
    ++*(int *)context;
}

static void enrolling_keeps_the_public_half_only(void **state)
{
    (void)state;
    certificate_t made, read;
    int count = 0;
    certificate_new(&made);
    snprintf(made.name, sizeof made.name, "ada");
    assert_true(enrolment_each(path_of("data"), count_name, &count));
    assert_true(enrolment_write(path_of("data"), &made, true));
    assert_false(enrolment_write(path_of("data"), &made, true));
    assert_int_equal(enrolment_read(path_of("data"), "ada", &read), CERTIFICATE_OK);
    assert_false(read.has_secret);
    assert_memory_equal(read.public_key, made.public_key, CURVE_KEY_BYTES);
    write_text(path_of("data/keys/.hidden"), "", 0600);
    assert_true(enrolment_each(path_of("data"), count_name, &count));
    assert_int_equal(count, 1);
    assert_true(enrolment_remove(path_of("data"), "ada"));
    assert_int_equal(enrolment_read(path_of("data"), "ada", &read), CERTIFICATE_UNREADABLE);
}

static void the_brokers_key_is_made_once(void **state)
{
    (void)state;
    certificate_t first, second;
    assert_int_equal(enrolment_broker(path_of("deep/data"), &first), CERTIFICATE_UNREADABLE);
    assert_true(enrolment_make_broker(path_of("deep/data")));
    assert_int_equal(enrolment_broker(path_of("deep/data"), &first), CERTIFICATE_OK);
    assert_true(enrolment_make_broker(path_of("deep/data")));
    assert_int_equal(enrolment_broker(path_of("deep/data"), &second), CERTIFICATE_OK);
    assert_memory_equal(first.secret_key, second.secret_key, CURVE_KEY_BYTES);
}

static void an_invitation_goes_round(void **state)
{
    (void)state;
    certificate_t made, read;
    char line[INVITATION_CHARS + 1], padded[INVITATION_CHARS + 8];
    certificate_new(&made);
    made.has_server_key = true;
    memset(made.server_key, 0xfb, sizeof made.server_key);
    memset(made.router, 'a', CERTIFICATE_ROUTER_CHARS); /* the longest */
    memcpy(made.router, "tcp://", 6);
    invitation_write(&made, line);
    snprintf(padded, sizeof padded, "  %s\r\n", line);
    assert_true(invitation_read(padded, &read));
    assert_memory_equal(read.secret_key, made.secret_key, CURVE_KEY_BYTES);
    assert_memory_equal(read.public_key, made.public_key, CURVE_KEY_BYTES);
    assert_memory_equal(read.server_key, made.server_key, CURVE_KEY_BYTES);
    assert_string_equal(read.router, made.router);
    assert_null(strpbrk(line, " '\"$&|;<>()`\\!*?[]{}#")); /* no shell makes something of it */
}

static void a_damaged_invitation_is_refused(void **state)
{
    (void)state;
    certificate_t made, read;
    char line[INVITATION_CHARS + 1], damaged[INVITATION_CHARS + 2];
    certificate_new(&made);
    made.has_server_key = true;
    snprintf(made.router, sizeof made.router, "tcp://chat.example.org:5680");
    invitation_write(&made, line);
    for (size_t size = 0; size < strlen(line); size++) { /* cut anywhere */
        snprintf(damaged, sizeof damaged, "%.*s", (int)size, line);
        assert_false(invitation_read(damaged, &read));
    }
    snprintf(damaged, sizeof damaged, "%s0", line);
    assert_false(invitation_read(damaged, &read));
    snprintf(damaged, sizeof damaged, "hubbub2%s", line + 7);
    assert_false(invitation_read(damaged, &read));
    snprintf(damaged, sizeof damaged, "%s", line);
    damaged[10] = '"';
    assert_false(invitation_read(damaged, &read));
}

static void credentials_say_what_is_missing(void **state)
{
    (void)state;
    char error[CREDENTIALS_ERROR_BYTES], server[CURVE_TEXT_CHARS + 1];
    credentials_t out = {.is_keyed = true};
    certificate_t made;
    certificate_new(&made);
    curve_encode(made.public_key, server);
    assert_true(credentials_load(&(credentials_given_t){.key_file = ""}, &out, error));
    assert_false(out.is_keyed);
    assert_false(credentials_load(&(credentials_given_t){.server_key = server}, &out, error));
    assert_non_null(strstr(error, "a key of one's own"));
    assert_true(certificate_write(path_of("lonely"), &made, true));
    credentials_given_t given = {.key_file = path_of("lonely")};
    assert_false(credentials_load(&given, &out, error));
    assert_non_null(strstr(error, "the broker's key is missing"));
    given.key_file = "no\033]0;such"; /* a sequence without an end */
    assert_false(credentials_load(&given, &out, error));
    assert_int_equal(strncmp(error, "no: ", 4), 0);
    given.key_file = path_of("lonely");
    given.server_key = "short";
    assert_false(credentials_load(&given, &out, error));
    given.server_key = server;
    assert_true(credentials_load(&given, &out, error));
    assert_true(out.is_keyed);
    assert_memory_equal(out.secret_key, made.secret_key, CURVE_KEY_BYTES);
}

static void data_and_keys_are_where_the_environment_says(void **state)
{
    (void)state;
    char path[PLACES_PATH_BYTES];
    unsetenv("STATE_DIRECTORY");
    setenv("XDG_STATE_HOME", "/s", 1);
    setenv("XDG_CONFIG_HOME", "/c", 1);
    setenv("HOME", "/h", 1);
    places_data("/given", path);
    assert_string_equal(path, "/given");
    places_data("", path);
    assert_string_equal(path, "/s/hubbub");
    places_config("client.key_secret", path);
    assert_string_equal(path, "/c/hubbub/client.key_secret");
    setenv("XDG_STATE_HOME", "relative", 1); /* to be ignored */
    unsetenv("XDG_CONFIG_HOME");
    places_data("", path);
    assert_string_equal(path, "/h/.local/state/hubbub");
    places_config("x", path);
    assert_string_equal(path, "/h/.config/hubbub/x");
    setenv("STATE_DIRECTORY", "/one:/two", 1);
    places_data("", path);
    assert_string_equal(path, "/one");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_written_as_libzmq_writes_them),
        cmocka_unit_test(what_is_no_key_is_refused),
        cmocka_unit_test(czmq_reads_what_we_write),
        cmocka_unit_test(we_read_what_czmq_writes),
        cmocka_unit_test(everything_known_of_a_key_is_kept),
        cmocka_unit_test(a_key_file_is_for_its_owner_alone),
        cmocka_unit_test(a_key_that_is_there_is_not_overwritten_by_a_new_one),
        cmocka_unit_test(a_key_that_was_removed_is_not_written_again),
        cmocka_unit_test(files_that_are_no_certificates_are_refused),
        cmocka_unit_test(names_of_keys_are_safe_as_file_names),
        cmocka_unit_test(enrolling_keeps_the_public_half_only),
        cmocka_unit_test(the_brokers_key_is_made_once),
        cmocka_unit_test(an_invitation_goes_round),
        cmocka_unit_test(a_damaged_invitation_is_refused),
        cmocka_unit_test(credentials_say_what_is_missing),
        cmocka_unit_test(data_and_keys_are_where_the_environment_says),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
