#include "tests/unit/store_vfs.h"

#include "base/clock.h"

#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

typedef struct {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct */
} faulty_file_t;

static atomic_int write_code, sync_code, sync_count, write_ms;
static pthread_mutex_t hold_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t hold_changed = PTHREAD_COND_INITIALIZER;
static bool holds_syncs;
static int held_syncs;
static _Thread_local int own_writes, own_syncs;

static sqlite3_file *real(sqlite3_file *file)
{
    return ((faulty_file_t *)file)->real;
}

static sqlite3_vfs *usual(sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

/* --- a file ------------------------------------------------------------------------------------- */

static int on_close(sqlite3_file *file)
{
    return real(file)->pMethods->xClose(real(file));
}

static int on_read(sqlite3_file *file, void *out, int size, sqlite3_int64 offset)
{
    return real(file)->pMethods->xRead(real(file), out, size, offset);
}

static int on_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    int code = atomic_load(&write_code);
    uint64_t until_ms = clock_mono_ms() + (uint64_t)atomic_load(&write_ms);
    own_writes++;
    while (clock_mono_ms() < until_ms)
        ; /* the disk is busy */
    return code ? code : real(file)->pMethods->xWrite(real(file), data, size, offset);
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int code = atomic_load(&write_code);
    return code ? code : real(file)->pMethods->xTruncate(real(file), size);
}

static void wait_while_held(void)
{
    pthread_mutex_lock(&hold_lock);
    held_syncs++;
    while (holds_syncs)
        pthread_cond_wait(&hold_changed, &hold_lock);
    held_syncs--;
    pthread_mutex_unlock(&hold_lock);
}

static int on_sync(sqlite3_file *file, int flags)
{
    wait_while_held();
    int code = atomic_load(&sync_code);
    atomic_fetch_add(&sync_count, 1);
    own_syncs++;
    return code ? code : real(file)->pMethods->xSync(real(file), flags);
}

static int on_size(sqlite3_file *file, sqlite3_int64 *out)
{
    return real(file)->pMethods->xFileSize(real(file), out);
}

static int on_lock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xLock(real(file), level);
}

static int on_unlock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xUnlock(real(file), level);
}

static int on_reserved(sqlite3_file *file, int *out)
{
    return real(file)->pMethods->xCheckReservedLock(real(file), out);
}

static int on_control(sqlite3_file *file, int op, void *argument)
{
    return real(file)->pMethods->xFileControl(real(file), op, argument);
}

static int on_sector(sqlite3_file *file)
{
    return real(file)->pMethods->xSectorSize(real(file));
}

static int on_traits(sqlite3_file *file)
{
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int on_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out)
{
    return real(file)->pMethods->xShmMap(real(file), region, size, extend, out);
}

static int on_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}

static void on_shm_barrier(sqlite3_file *file)
{
    real(file)->pMethods->xShmBarrier(real(file));
}

static int on_shm_unmap(sqlite3_file *file, int removes)
{
    return real(file)->pMethods->xShmUnmap(real(file), removes);
}

static const sqlite3_io_methods METHODS = {.iVersion = 2,
                                           .xClose = on_close,
                                           .xRead = on_read,
                                           .xWrite = on_write,
                                           .xTruncate = on_truncate,
                                           .xSync = on_sync,
                                           .xFileSize = on_size,
                                           .xLock = on_lock,
                                           .xUnlock = on_unlock,
                                           .xCheckReservedLock = on_reserved,
                                           .xFileControl = on_control,
                                           .xSectorSize = on_sector,
                                           .xDeviceCharacteristics = on_traits,
                                           .xShmMap = on_shm_map,
                                           .xShmLock = on_shm_lock,
                                           .xShmBarrier = on_shm_barrier,
                                           .xShmUnmap = on_shm_unmap};

/* --- the way to files --------------------------------------------------------------------------- */

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                   int *out_flags)
{
    faulty_file_t *faulty = (faulty_file_t *)file;
    faulty->real = (sqlite3_file *)(faulty + 1);
    int code = usual(vfs)->xOpen(usual(vfs), name, faulty->real, flags, out_flags);
    faulty->base.pMethods = code == SQLITE_OK ? &METHODS : NULL;
    return code;
}

static int on_delete(sqlite3_vfs *vfs, const char *name, int syncs)
{
    return usual(vfs)->xDelete(usual(vfs), name, syncs);
}

static int on_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    return usual(vfs)->xAccess(usual(vfs), name, flags, out);
}

static int on_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    return usual(vfs)->xFullPathname(usual(vfs), name, size, out);
}

void store_vfs_register(void)
{
    static sqlite3_vfs vfs;
    sqlite3_vfs *found = sqlite3_vfs_find(NULL);
    assert(found);
    if (vfs.zName)
        return;
    vfs =
        *found; /* what is not about files is the usual one's, which takes no notice of whom it is called on */
    vfs.pNext = NULL;
    vfs.zName = STORE_VFS;
    vfs.szOsFile = found->szOsFile + (int)sizeof(faulty_file_t);
    vfs.pAppData = found;
    vfs.xOpen = on_open;
    vfs.xDelete = on_delete;
    vfs.xAccess = on_access;
    vfs.xFullPathname = on_path;
    int code = sqlite3_vfs_register(&vfs, 0);
    assert(code == SQLITE_OK);
    (void)code;
}

void store_vfs_fail_writes(int code)
{
    atomic_store(&write_code, code);
}

void store_vfs_fail_syncs(int code)
{
    atomic_store(&sync_code, code);
}

void store_vfs_hold_syncs(bool holds)
{
    pthread_mutex_lock(&hold_lock);
    holds_syncs = holds;
    pthread_mutex_unlock(&hold_lock);
    pthread_cond_broadcast(&hold_changed);
}

int store_vfs_held_syncs(void)
{
    pthread_mutex_lock(&hold_lock);
    int held = held_syncs;
    pthread_mutex_unlock(&hold_lock);
    return held;
}

int store_vfs_syncs(void)
{
    return atomic_load(&sync_count);
}

void store_vfs_slow_writes(int ms)
{
    atomic_store(&write_ms, ms);
}

int store_vfs_own_writes(void)
{
    return own_writes;
}

int store_vfs_own_syncs(void)
{
    return own_syncs;
}
