/* broker/core/page_token.h - lists in pages: a page's token is the number behind its last entry, in decimal. */
#ifndef BROKER_CORE_PAGE_TOKEN_H
#define BROKER_CORE_PAGE_TOKEN_H

#include "broker/core/request.h"

/* What a reply has besides its list, at most. */
enum { PAGE_REPLY_BYTES = 512 };

/* Where the page that is asked for begins; 0 for the first. HUB_BAD_REQUEST, with a hint: that is no token. */
HUB_MUST_CHECK hub_err_t page_read(request_t *request, uint64_t *out_number);

/* Says in the reply that there is more, behind that number. */
void page_write_next(writer_t *writer, uint64_t number);

/* How many entries are wanted, `maximum` at most. */
size_t page_wanted(const message_t *message, size_t maximum);

#endif
