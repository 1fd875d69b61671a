/* Stands in for libFuzzer in normal builds: runs the fuzzer once on each file of the folders given,
 * and on the empty input.  Fails when a folder is missing or empty. */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>

enum { INPUT_MAX = 1 << 20 };

static void run_file(const char *path)
{
    uint8_t *bytes = malloc(INPUT_MAX);
    FILE *f = fopen(path, "rb");

    MUST(bytes && f);
    LLVMFuzzerTestOneInput(bytes, fread(bytes, 1, INPUT_MAX, f));
    fclose(f);
    free(bytes);
}

static int run_folder(const char *folder)
{
    DIR *d = opendir(folder);
    const struct dirent *entry;
    char path[4096];
    int n = 0;

    if (!d)
        return 0;
    while ((entry = readdir(d))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        run_file(path);
        n++;
    }
    closedir(d);
    return n;
}

int main(int argc, char **argv)
{
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++) {
        int n = run_folder(argv[i]);

        printf("%s: %d inputs\n", argv[i], n);
        if (n == 0)
            return 1;
    }
    return 0;
}
