/* client/core/request.h - requests as frames.
 *
 * `id` and `cid` stand at fixed places and have a fixed width, so that a request that has not been sent
 * can get another cid without being encoded again:
 *
 *   8n  a2 'id' cf <8 bytes>  a3 'cid' cf <8 bytes>  a2 'op' ...   with a cid
 *   8n  a2 'id' cf <8 bytes>  a2 'op' ...                         without */
#ifndef CLIENT_CORE_REQUEST_H
#define CLIENT_CORE_REQUEST_H

#include "client/core/client_link.h"
#include "proto/encode.h"

/* Begins a frame in `buffer` (cleared): id, cid where it is not 0, op, sid where there is one (else
 * CLIENT_NO_SID). The caller writes more pairs and calls write_end(). */
void request_begin(writer_t *writer, buffer_t *buffer, op_t op, uint64_t id, uint64_t cid,
                   uint32_t sid);

/* Encodes a whole request into `buffer` (cleared). Errors as client_link_request(); the buffer's
 * content is then of no use. */
HUB_MUST_CHECK hub_err_t request_encode(buffer_t *buffer, const client_request_t *request,
                                        uint64_t id, uint64_t cid, uint32_t sid);

/* Gives an encoded frame that has a cid another one. */
void request_renumber(char *frame, size_t size, uint64_t cid);

/* True for say and tell, which have a cid. */
bool request_has_cid(op_t op);

/* True for what changes what later requests mean: it waits for those before and is waited for. */
bool request_is_barrier(op_t op);

#endif
