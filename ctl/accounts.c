/* Accounts of a broker that runs: who has one, and what operators do to them. */
#include "base/printable.h"
#include "base/secret.h"
#include "ctl/commands.h"
#include "ctl/wire.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

enum { CANNOT = 1, USAGE = 2 };

static int say(const char *what, const char *why)
{
    printable_line(stderr, "hubbubctl: %s%s%s", what, why ? ": " : "", why ? why : "");
    return CANNOT;
}

/* Where it is typed, twice. False: it has been said why not. */
static bool read_password(const arguments_t *arguments, char *out)
{
    const char *file = arguments->password_file;
    char again[SECRET_BYTES] = "";
    secret_result_t result =
        file ? secret_read_file(file, out) : secret_ask("New password, of 8 bytes or more: ", out);
    if (result != SECRET_OK) {
        (void)say(file ? file : "password", secret_trouble(result));
        return false;
    }
    if (file || !isatty(STDIN_FILENO))
        return true;
    bool is_same = secret_ask("Once more: ", again) == SECRET_OK && strcmp(out, again) == 0;
    secret_wipe(again);
    if (!is_same)
        (void)say("those were not the same", NULL);
    return is_same;
}

/* Asks what was begun in the wire, which is closed. */
static int finish(wire_t *wire, bool is_open, const char *done, const char *nick, char *error)
{
    bool is_done = is_open && wire_ask(wire, error);
    wire_close(wire);
    if (!is_done)
        return say(error, NULL);
    printable_line(stdout, "%s %s", done, nick);
    return 0;
}

static int with_password(const arguments_t *arguments, op_t op, const char *nick)
{
    char password[SECRET_BYTES], error[WIRE_ERROR_BYTES];
    if (!read_password(arguments, password))
        return CANNOT;
    bool is_new = op == OP_account_add;
    wire_t wire;
    wire_init(&wire);
    bool is_open = wire_open(&wire, arguments_data(arguments), error);
    if (is_open) {
        writer_t *writer = wire_begin(&wire, op);
        write_str(writer, is_new ? KEY_nick : KEY_account, span_of(nick));
        write_str(writer, is_new ? KEY_password : KEY_new_password, span_of(password));
        if (is_new && arguments->is_operator)
            write_str(writer, KEY_role, span_of("operator"));
    }
    secret_wipe(password);
    return finish(&wire, is_open, is_new ? "registered" : "a new password for", nick, error);
}

int on_account_add(const arguments_t *arguments, const char *const *operands)
{
    return with_password(arguments, OP_account_add, operands[0]);
}

int on_account_password(const arguments_t *arguments, const char *const *operands)
{
    return with_password(arguments, OP_account_password, operands[0]);
}

int on_account_remove(const arguments_t *arguments, const char *const *operands)
{
    char error[WIRE_ERROR_BYTES];
    wire_t wire;
    wire_init(&wire);
    bool is_open = wire_open(&wire, arguments_data(arguments), error);
    if (is_open)
        write_str(wire_begin(&wire, OP_account_remove), KEY_account, span_of(operands[0]));
    return finish(&wire, is_open, "removed", operands[0], error);
}

int on_account_role(const arguments_t *arguments, const char *const *operands)
{
    char error[WIRE_ERROR_BYTES];
    wire_t wire;
    wire_init(&wire);
    bool is_open = wire_open(&wire, arguments_data(arguments), error);
    if (is_open) {
        writer_t *writer = wire_begin(&wire, OP_account_role);
        write_str(writer, KEY_account, span_of(operands[0]));
        write_str(writer, KEY_role, span_of(operands[1]));
    }
    return finish(&wire, is_open, operands[1], operands[0], error);
}

static void print_account(const message_t *account)
{
    span_t nick = message_span(account, KEY_nick), role = message_span(account, KEY_role);
    span_t state = message_span(account, KEY_state);
    printable_line(stdout, "%.*s %.*s %.*s", (int)nick.size, nick.data, (int)role.size, role.data,
                   state.size > 0 ? (int)state.size : 1, state.size > 0 ? state.data : "-");
}

int on_account_list(const arguments_t *arguments, const char *const *operands)
{
    (void)operands;
    return print_pages(arguments, OP_accounts, KEY_accounts, print_account);
}
