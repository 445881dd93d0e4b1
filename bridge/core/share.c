#include "bridge/core/share.h"

size_t share_bytes(size_t count)
{
    if (count <= SHARE_ALL_BYTES / SHARE_MOST_BYTES)
        return SHARE_MOST_BYTES;
    size_t bytes = SHARE_ALL_BYTES / count;
    return bytes > SHARE_LEAST_BYTES ? bytes : SHARE_LEAST_BYTES;
}
