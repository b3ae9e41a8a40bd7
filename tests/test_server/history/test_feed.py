"""Word of news: nobody misses any, from whichever thread it comes."""

import asyncio
import threading

from server.history.feed import Feed


def test_whoever_waits_is_woken_by_another_thread() -> None:
    async def test() -> None:
        feed = Feed()
        waiting = [asyncio.ensure_future(feed.after(feed.turn)) for _ in range(3)]
        await asyncio.sleep(0)
        assert not any(each.done() for each in waiting)
        threading.Thread(target=feed.advance).start()
        assert await asyncio.gather(*waiting) == [1, 1, 1]

    asyncio.run(asyncio.wait_for(test(), 30))


def test_what_came_while_nobody_waited_is_not_missed() -> None:
    async def test() -> None:
        feed = Feed()
        turn = feed.turn
        feed.advance()
        feed.advance()
        turn = await feed.after(turn)
        waiting = asyncio.ensure_future(feed.after(turn))
        for _ in range(3):
            await asyncio.sleep(0)
        if turn == 1:  # the second one came in between
            assert await waiting == 2
        else:
            assert turn == 2 and not waiting.done()
            waiting.cancel()

    asyncio.run(asyncio.wait_for(test(), 30))


def test_news_after_the_end_of_the_loop_harm_nobody() -> None:
    async def made() -> Feed:
        return Feed()

    asyncio.run(made()).advance()
