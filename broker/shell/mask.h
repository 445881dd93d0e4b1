/* broker/shell/mask.h - takes what people say out of bytes that are to be shown to others. */
#ifndef BROKER_SHELL_MASK_H
#define BROKER_SHELL_MASK_H

#include "proto/span.h"

/* Replaces letters by x in all texts of the maps of the wire that follow each other in `bytes`: in the values of the keys
 * text, data, x, status, password, new_password and hash. Lengths, control characters and whether it is UTF-8 stay, so that a
 * broker judges it as before. What is no map of the wire becomes bytes that never are one. */
void mask_texts(char *bytes, size_t size);

/* The same for the values of password, new_password and hash alone. What is no map of the wire stays as it is. */
void mask_secrets(char *bytes, size_t size);

#endif
