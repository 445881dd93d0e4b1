#include "broker/shell/upkeep.h"

#include "base/printable.h"
#include "broker/shell/storage.h"
#include "broker/store/backup.h"
#include "broker/store/check.h"

#include <assert.h>
#include <unistd.h>

enum { EXIT_PROBLEMS = 1, PERCENT = 100 };

bool upkeep_is_wanted(const options_t *options)
{
    assert(options);
    return options->check || options->backup[0] != '\0';
}

static void show_progress(int done, int total)
{
    fprintf(stderr, "\rbackup: %d %%", total > 0 ? (int)((double)done * PERCENT / total) : PERCENT);
}

static int make_backup(const options_t *options, const char *directory)
{
    bool is_watched = isatty(STDERR_FILENO);
    backup_t backup = {.directory = directory,
                       .to = options->backup,
                       .progress = is_watched ? show_progress : NULL};
    char path[BACKUP_PATH_BYTES], error[STORAGE_ERROR_BYTES];
    bool is_made = backup_make(&backup, path, error);
    if (is_watched)
        fprintf(stderr, "\r\033[K");
    if (is_made)
        printf("%s\n", path);
    else
        printable_line(stderr, "hubbubd: %s", error);
    return is_made ? 0 : EXIT_PROBLEMS;
}

int upkeep_run(const options_t *options)
{
    assert(options && upkeep_is_wanted(options));
    char directory[STORAGE_PATH_BYTES];
    storage_directory(options, directory);
    if (options->check && !check_directory(directory, stdout))
        return EXIT_PROBLEMS;
    return options->backup[0] ? make_backup(options, directory) : 0;
}
