/* tests/fuzz/replay.c - runs a fuzz target over its corpus, without libFuzzer.
 *
 * Every file of the directories given is one input. No input at all is a failure: a corpus that
 * got lost would else pass for ever. */
#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

static void replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(1);
    }
    size_t size = (size_t)ftell(file);
    rewind(file);
    uint8_t *data = malloc(size > 0 ? size : 1); /* exact, so that asan sees one byte too far */
    assert(data);
    size_t got = fread(data, 1, size, file);
    assert(got == size);
    (void)fclose(file);
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
}

static int replay_directory(const char *directory)
{
    char path[4096];
    int count = 0;
    DIR *entries = opendir(directory);
    if (entries == NULL) {
        perror(directory);
        exit(1);
    }
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        replay_file(path);
        count++;
    }
    (void)closedir(entries);
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++)
        count += replay_directory(argv[i]);
    printf("%d inputs\n", count);
    return count > 0 ? 0 : 1;
}
