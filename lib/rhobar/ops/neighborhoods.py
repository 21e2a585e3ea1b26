"""Pairs in the order in which every density op reads them."""

from typing import NamedTuple

from torch import Tensor


class Neighborhoods(NamedTuple):
    """
    Pairs grouped by center and neighbor channel.

    A channel is a neighbor type by its index. A *run* is the set of pairs of one center with one
    channel. Every center has a run for its own channel, without pairs if it is alone.
    """

    vectors: Tensor
    """``(pair, 3)`` from center to neighbor, Å; periodic images are pairs of their own"""
    run_ptr: Tensor
    """``(run + 1,)`` int64; the pairs of run k are ``run_ptr[k]:run_ptr[k + 1]``"""
    run_center: Tensor
    """``(run,)`` int64, not decreasing"""
    run_channel: Tensor
    """``(run,)`` int64, increasing within a center"""
    run_self: Tensor
    """``(run,)``, 1 where the channel is the center's own and the center joins its density"""
