/* API tokens: made for programs, shown once, never more than their owner's rights. */
#ifndef DESK_TOKEN_H
#define DESK_TOKEN_H

#define API_TOKEN_PREFIX "tkt_"

#endif
