/* Shared by this target's files only. */
#pragma once
#include "dpdk.h"
#include <rte_mbuf.h>

/* Where every frame of the poller comes from. */
extern struct rte_mempool *ix_buffers;

/* Describes `buffer` in *frame; false, and the buffer is gone, when it is not in one piece and cannot
 * be made so. */
bool ix_frame_of(struct rte_mbuf *buffer, ix_frame *frame);

/* Turns received buffers into frames; returns how many are left. */
unsigned ix_frames_of(struct rte_mbuf *const *buffers, unsigned count, ix_frame *frames);
