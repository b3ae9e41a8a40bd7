"""Taking the port, opening it, and going on when the system has no means for another connection."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable

import pytest

from server.support.errors import StartError
from server.terminals.listener import Address, Listener
from tests.support.waiting import until

if os.name == "posix":
    import resource


def listening(test: Callable[[Listener, int], Awaitable[None]], host: str = "127.0.0.1") -> None:
    async def run() -> None:
        listener = await Listener.bind(host, 0)
        try:
            await test(listener, listener.addresses[0][1])
        finally:
            listener.close()

    asyncio.run(asyncio.wait_for(run(), 20))


class Accepted:
    """What was handed on."""

    def __init__(self, served: bool = True) -> None:
        self.peers: asyncio.Queue[Address] = asyncio.Queue()
        self._served = served

    def __call__(self, accepted: socket.socket, address: Address) -> bool:
        self.peers.put_nowait(address)
        accepted.close()
        return self._served


@pytest.mark.parametrize(("served", "most"), [(True, 5), (False, 50)])
def test_a_flood_is_accepted_at_a_rate_and_what_is_turned_away_costs_less(
    served: bool, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.terminals.listener.SERVED_AT_ONCE", 5.0)
    monkeypatch.setattr("server.terminals.listener.SERVED_PER_SECOND", 0.01)

    async def test(listener: Listener, port: int) -> None:
        listener.listen()
        accepting = asyncio.ensure_future(listener.accept(accepted := Accepted(served)))
        opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(100)]
        await until(lambda: accepted.peers.qsize() > most)
        await asyncio.sleep(0.1)
        assert accepted.peers.qsize() == most + 1, "the next one is paid for before another is accepted"
        accepting.cancel()
        for _, writer in opened:
            writer.transport.abort()

    listening(test)


def test_connections_are_refused_until_the_server_is_ready() -> None:
    async def test(listener: Listener, port: int) -> None:
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        listener.listen()
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        accepted = Accepted()
        accepting = asyncio.ensure_future(listener.accept(accepted))
        assert await accepted.peers.get() == writer.get_extra_info("sockname")
        accepting.cancel()
        writer.close()

    listening(test)


def test_a_port_in_use_is_found_out_before_anything_is_loaded() -> None:
    async def test(listener: Listener, port: int) -> None:
        listener.listen()
        with pytest.raises(StartError) as caught:
            await Listener.bind("127.0.0.1", port)
        assert str(caught.value) == (
            f"cannot listen on 127.0.0.1:{port}: address already in use; choose another port with --port"
        )

    listening(test)


def test_a_port_that_another_program_opens_meanwhile_is_named() -> None:
    async def test(listener: Listener, port: int) -> None:
        try:
            rival = await Listener.bind("127.0.0.1", port)
        except StartError:
            return  # not every system lets two programs bind what neither listens on
        rival.listen()
        with pytest.raises(StartError, match=r"cannot listen on 127.0.0.1:\d+: .*--port"):
            listener.listen()
        rival.close()

    listening(test)


def test_a_port_is_free_again_once_it_is_given_back() -> None:
    async def test(listener: Listener, port: int) -> None:
        listener.listen()
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        accepting = asyncio.ensure_future(listener.accept(accepted := Accepted()))
        await accepted.peers.get()  # and closed by us: the system remembers the connection
        accepting.cancel()
        await asyncio.wait({accepting})
        listener.close()
        again = await Listener.bind("127.0.0.1", port)
        again.listen()
        again.close()
        writer.close()

    listening(test)


@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
def test_a_name_with_several_addresses_listens_on_all() -> None:
    async def test(listener: Listener, port: int) -> None:
        listener.listen()
        accepting = asyncio.ensure_future(listener.accept(accepted := Accepted()))
        for host, port, *_ in listener.addresses:
            _, writer = await asyncio.open_connection(host, port)
            assert (await accepted.peers.get())[0] == host
            writer.close()
        accepting.cancel()

    listening(test, "localhost")


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("a..b", r"^host: 'a\.\.b' is no address and cannot be looked up$"),
        ("x" * 70, "^host: 'x{70}' is no address and cannot be looked up"),
        ("front door", r"^host: 'front door' is no address and cannot be looked up \(.+\)$"),
        ("nobody.invalid", "^host: 'nobody.invalid' is no address and cannot be looked up"),
        ("door\0way", r"^host: 'door\\x00way' is no address and cannot be looked up"),
        ("[::1]", "; write an IPv6 address without brackets$"),
        ("2001:db8::1", r"^cannot listen on \[2001:db8::1\]:5000: "),
        ("192.0.2.1", "^cannot listen on 192.0.2.1:5000: .*; host must be an address of this machine"),
    ],
)
def test_a_host_that_cannot_be_listened_on_is_named(host: str, said: str) -> None:
    with pytest.raises(StartError, match=said):
        asyncio.run(Listener.bind(host, 5000))


@pytest.mark.skipif(os.name != "posix", reason="limits the number of open files")
def test_running_out_of_files_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)

    async def test(listener: Listener, port: int) -> None:
        listener.listen()
        accepting = asyncio.ensure_future(listener.accept(accepted := Accepted()))
        with socket.socket() as waiting:
            waiting.setblocking(False)
            free = os.dup(waiting.fileno())
            os.close(free)
            resource.setrlimit(resource.RLIMIT_NOFILE, (free, before[1]))
            try:
                await asyncio.get_running_loop().sock_connect(waiting, ("127.0.0.1", port))
                for _ in range(1000):
                    await asyncio.sleep(0)
                assert len(caplog.messages) == 1 and accepted.peers.empty()
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, before)
            assert await accepted.peers.get() == waiting.getsockname()
        accepting.cancel()

    listening(test)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "no connection can be accepted at the moment" in caplog.text
