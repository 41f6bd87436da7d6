"""A Redis broker whose consumers wait for a message, instead of asking for one again and again."""

from __future__ import annotations

import redis
from dramatiq import MessageProxy
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.errors import ConnectionClosed

WAIT = 0.5
"""Seconds that a consumer waits at a time; a stopping worker ends after them."""

BUSY_MS = 50
"""Milliseconds between two checks for finished prefetched messages."""


class _WaitingConsumer(_RedisConsumer):
    """Blocks in the server while the queue is empty.

    To block, the first message id of the queue is moved to where it is: nothing changes, and
    nothing is lost if a process dies.  A server older than Redis 6.2 cannot do this; it is polled
    every BUSY_MS.
    """

    def __init__(self, broker: RedisBroker, queue_name: str, prefetch: int, timeout: int) -> None:
        super().__init__(broker, queue_name, prefetch, min(timeout, BUSY_MS))  # type: ignore[no-untyped-call]
        self._queue = f"{broker.namespace}:{queue_name}"
        self._can_block = True

    def __next__(self) -> MessageProxy | None:
        if self._can_block and not self.message_cache and self.outstanding_message_count < self.prefetch:
            self._wait()
        message: MessageProxy | None = super().__next__()  # type: ignore[no-untyped-call]
        return message

    def _wait(self) -> None:
        try:
            self.broker.client.blmove(self._queue, self._queue, WAIT, "LEFT", "LEFT")
        except redis.ConnectionError as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]
        except redis.ResponseError:
            self._can_block = False


class WaitingBroker(RedisBroker):
    """Dramatiq's broker for Redis and Valkey, with consumers that wait."""

    @property
    def consumer_class(self) -> type[_RedisConsumer]:
        return _WaitingConsumer
