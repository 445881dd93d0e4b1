/* hubbubctl - the keys of a Hubbub broker. */
#include "base/printable.h"
#include "ctl/arguments.h"
#include "ctl/commands.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    arguments_t arguments;
    char error[ARGUMENTS_ERROR_BYTES];
    if (!arguments_read(argc, argv, &arguments, error)) {
        printable_line(stderr, "hubbubctl: %s", error);
        return 2;
    }
    if (arguments.wants_version) {
        (void)puts("hubbubctl " HUB_VERSION);
        return 0;
    }
    if (arguments.wants_help || arguments.count == 0) {
        commands_print_help(arguments.wants_help ? stdout : stderr);
        return arguments.wants_help ? 0 : 2;
    }
    return commands_run(&arguments);
}
