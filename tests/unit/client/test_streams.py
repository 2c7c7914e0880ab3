# SPDX-License-Identifier: Apache-2.0
"""Reading and writing all kinds of descriptors without blocking the event loop."""

from __future__ import annotations

import asyncio
import os
import socket

import pytest

from console_ext.client.streams import Input, Output

SHORT_S = 0.1


def run(scenario):
    async def within():
        async with asyncio.timeout(20):
            return await scenario()

    return asyncio.run(within())


@pytest.fixture
def pipe():
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue


async def read_all(fd):
    stream, found = Input(fd), b''
    while data := await stream.read():
        found += data
    return found


def test_read_a_pipe(pipe):
    async def scenario():
        stream = Input(pipe[0])
        reading = asyncio.ensure_future(stream.read())
        done, _ = await asyncio.wait([reading], timeout=SHORT_S)
        assert not done
        os.write(pipe[1], b'abc')
        assert await reading == b'abc'
        os.close(pipe[1])
        assert await stream.read() == b''

    run(scenario)


def test_read_a_file(tmp_path):
    """epoll does not support files."""
    path = tmp_path / 'input'
    path.write_bytes(b'x' * 200_000)
    with path.open('rb') as file:
        assert run(lambda: read_all(file.fileno())) == b'x' * 200_000


def test_read_nothing():
    with open(os.devnull, 'rb') as file:
        assert run(lambda: read_all(file.fileno())) == b''


def test_read_a_terminal_that_is_gone():
    ours, theirs = os.openpty()
    os.close(ours)
    try:
        assert run(lambda: read_all(theirs)) == b''
    except OSError:
        # Linux reports it in one of these ways.
        pass
    finally:
        os.close(theirs)


def test_descriptor_in_non_blocking_mode(pipe):
    """The parent process may have left it in this mode."""
    os.set_blocking(pipe[0], False)
    os.set_blocking(pipe[1], False)

    async def scenario():
        output = Output(pipe[1])
        # More than fits into a pipe.
        writing = asyncio.ensure_future(output.write(b'x' * 300_000))
        stream, found = Input(pipe[0]), b''
        while len(found) < 300_000:
            found += await stream.read()
        await writing
        output.close()

    run(scenario)


def test_a_reader_that_does_not_read(pipe):
    """The event loop is not blocked, and settling ends in time."""

    async def scenario():
        output = Output(pipe[1])
        writing = asyncio.ensure_future(output.write(b'x' * 300_000))
        done, _ = await asyncio.wait([writing], timeout=SHORT_S)
        assert not done
        writing.cancel()
        assert not await output.settle(SHORT_S)
        found = 0
        while found < 300_000:
            found += len(os.read(pipe[0], 65536))
        assert await output.settle(10)
        output.close()

    run(scenario)


def test_nobody_reads_any_more():
    ours, theirs = socket.socketpair()
    ours.close()

    async def scenario():
        output = Output(theirs.fileno())
        with pytest.raises(OSError, match='Broken pipe'):
            await output.write(b'x')
        assert await output.settle(1)
        output.close()

    with theirs:
        run(scenario)


def test_settled():
    assert run(lambda: Output(1).settle(0))
