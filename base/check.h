/* base/check.h - marks results that nobody may drop. The same words as in proto/err.h, which base
 * does not include. */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#define HUB_MUST_CHECK __attribute__((warn_unused_result))

#endif
