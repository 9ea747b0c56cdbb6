"""Latest wins, drops are counted, close ends the wait."""

from __future__ import annotations

import asyncio

from liveness_server.transport.mailbox import Mailbox


async def test_the_oldest_is_dropped_and_counted() -> None:
    box: Mailbox[int] = Mailbox()
    for item in range(5):
        box.put(item)
    assert [await box.get(), await box.get()] == [3, 4]
    assert box.dropped == 3


async def test_get_waits_for_the_next_item() -> None:
    box: Mailbox[str] = Mailbox()
    waiting = asyncio.create_task(box.get())
    await asyncio.sleep(0)
    assert not waiting.done()
    box.put("frame")
    assert await waiting == "frame"
    assert box.dropped == 0


async def test_close_ends_the_wait_and_throws_away_what_lies_there() -> None:
    box: Mailbox[int] = Mailbox()
    waiting = asyncio.create_task(box.get())
    await asyncio.sleep(0)
    box.close()
    assert await waiting is None
    box.put(1)
    assert await box.get() is None
