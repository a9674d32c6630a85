"""The web server with a stand-in for dlplay: who may come, how many, and what is left of them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from dlplay.web import site as sites
from dlplay.web import visitor as visitors
from dlplay.web.site import FAILED, FULL, LEFT, LONGEST, PAGE, STOPPED, Site, is_local
from dlplay.web.visitor import Program
from tests.processes import gone
from tests.web.devtools import until

STAND_IN = r"""
import json, os, signal, sys

out, read = sys.stdout.buffer, sys.stdin.buffer.read

def packet(kind, data):
    out.write(kind + len(data).to_bytes(4, "big") + data)
    out.flush()

def deliver(key, name):
    with open(f"{os.environ['VISIT']}/downloads/{key}", "w") as file:
        file.write("what was made")
    told = {"type": "deliver_file_start", "key": key, "path": name, "mime_type": "text/csv"}
    packet(b"M", json.dumps(told).encode())

out.write(b"a word before\n__GANGLION__\n")
names = ("VISIT", "COLUMNS", "ROWS")
packet(b"D", json.dumps([os.getpid(), *(os.environ[name] for name in names)]).encode())
while head := read(5):
    said = read(int.from_bytes(head[1:], "big"))
    if said == b"leave":
        break
    elif said == b"fail":
        sys.exit("it \x1b[31m failed")
    elif said == b"hang":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        packet(b"D", b"hangs")
        signal.pause()
    elif said.startswith(b"deliver"):
        deliver(*said.decode().split()[1:])
    else:
        packet(b"D", head[:1] + said)
"""
KEY = "0123456789abcdef" * 2


@asynccontextmanager
async def opened(root, most=2, host="127.0.0.1"):
    """A site and a client of it."""
    told = []
    program = Program((sys.executable, "-S", "-c", STAND_IN), lambda visit: {"VISIT": str(visit)})
    site = Site(program, host=host, port=0, most=most, root=root, tell=told.append)
    site.told = told
    async with TestClient(TestServer(site.application(), shutdown_timeout=10)) as client:
        client.origin = str(client.make_url("")).rstrip("/")
        yield site, client


async def visit(client, size="width=100&height=30", origin=None):
    """A socket, and what its process says of itself first: its number, folder and size."""
    socket = await client.ws_connect(f"/ws?{size}", headers={"Origin": origin or client.origin})
    return socket, json.loads(await socket.receive_bytes())


async def closed(socket):
    """Why a socket was closed."""
    message = await socket.receive()
    assert message.type is aiohttp.WSMsgType.CLOSE, message
    return message.extra


async def test_visitors_have_processes_and_folders_of_their_own(tmp_path):
    async with opened(tmp_path) as (site, client):
        one, (first, home, *size) = await visit(client)
        two, (second, other, *least) = await visit(client, "width=-1&height=x")
        assert (size, least) == (["100", "30"], ["20", "8"])
        assert first != second
        assert home != other
        assert os.stat(home).st_mode & 0o077 == 0
        await one.send_json(["stdin", "ü"])
        assert await one.receive_bytes() == "Dü".encode()
        await two.send_json(["resize", {"width": 9999, "height": 40}])
        told = json.loads((await two.receive_bytes())[1:])
        assert told == {"type": "resize", "width": 1000, "height": 40}
        await two.send_json(["ping", "7"])
        assert await two.receive_json() == ["pong", "7"]
        await one.close()
        await until(lambda: len(site.visitors) == 1, "the end of the first")
        assert gone(first)
        assert not Path(home).exists()
        assert not gone(second)
        assert Path(other).exists()
    assert gone(second)
    assert not [*tmp_path.iterdir()]


async def test_who_comes_when_all_places_are_taken_is_told_and_the_next_one_is_let_in(tmp_path):
    async with opened(tmp_path, most=1) as (_, client):
        first, _ = await visit(client)
        late = await client.ws_connect("/ws", headers={"Origin": client.origin})
        assert await closed(late) == FULL
        await first.close()
        # A page that is loaded anew is not kept out by its former self, which is still ending.
        again, _ = await visit(client)
        await again.close()


COUNTS = r"""
import os, signal, sys

def there(number):
    try:
        os.kill(int(number), 0)
    except OSError:
        return False
    return True

with open(sys.argv[1], "a+") as file:
    file.seek(0)
    others = sum(there(line.split()[0]) for line in file)
    file.write(f"{os.getpid()} {others}\n")
signal.pause()  # as one that imports: it does not hear that its page is closed
"""


async def test_there_are_never_more_processes_than_places_however_fast_a_page_is_loaded_anew(
    tmp_path,
):
    seen, root = tmp_path / "seen", tmp_path / "root"
    root.mkdir()
    async with opened(root, most=2) as (site, client):
        site.program = Program((sys.executable, "-S", "-c", COUNTS, str(seen)), lambda visit: {})
        for _ in range(12):
            socket = await client.ws_connect("/ws", headers={"Origin": client.origin})
            await until(lambda: any(not each.closing for each in site.visitors), "a visitor")
            await socket.close()
        last = await client.ws_connect("/ws", headers={"Origin": client.origin})
        await last.send_json(["stdin", "typed while it waits"])
        await until(lambda: len(site.visitors) == 1, "the end of the others")
        await until(lambda: seen.exists() and seen.read_text().endswith("\n"), "its process")
        assert max(int(line.split()[1]) for line in seen.read_text().splitlines()) < 2
        await last.close()
        await until(lambda: not site.visitors, "the end of the last")
    assert not [*root.iterdir()]


async def test_what_is_typed_while_a_page_waits_for_its_place_is_heard(tmp_path):
    async with opened(tmp_path, most=1) as (site, client):
        first, (process, *_) = await visit(client)
        await first.send_json(["stdin", "hang"])
        assert await first.receive_bytes() == b"hangs"
        site_visitor = next(iter(site.visitors))
        await first.close()
        await until(lambda: site_visitor.closing, "the end begins")
        again = await client.ws_connect("/ws", headers={"Origin": client.origin})
        await again.send_json(["stdin", "early"])
        await until(lambda: len(site.visitors) == 2, "the next one")
        os.kill(process, signal.SIGKILL)
        await again.receive_bytes()
        assert await again.receive_bytes() == b"Dearly"
        await again.close()


@pytest.mark.parametrize(
    "origin",
    [
        "https://elsewhere.example",
        "null",
        "http://127.0.0.1:1",
        "http://127.0.0.1",
        "file://",
        "http://[",
    ],
)
async def test_a_page_of_elsewhere_cannot_open_the_socket(tmp_path, origin):
    async with opened(tmp_path) as (site, client):
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await visit(client, origin=origin)
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await client.ws_connect("/ws")  # no browser says nothing
        assert not site.visitors


async def test_a_name_that_was_made_to_lead_here_gets_nothing(tmp_path):
    async with opened(tmp_path) as (_, client):
        strangers = ("evil.example", "evil.example:80", "localhost.evil.example", "10.0.0.1")
        for name in (*strangers, "[", "", "x@localhost", "localhost:1;script-src"):
            for path in (*PAGE, "/ws", f"/download/{KEY}"):
                headers = {"Host": name, "Origin": f"http://{name}"}
                async with client.get(path, headers=headers) as said:
                    assert said.status in (400, 403), (name, path)
        for name in ("localhost:9000", "127.0.0.1", "[::1]:80"):
            async with client.get("/", headers={"Host": name}) as said:
                assert said.status == 200, name


@pytest.mark.parametrize(
    ("host", "name", "known"),
    [
        ("0.0.0.0", "10.1.2.3", True),
        ("0.0.0.0", "lab.example", False),
        ("lab.example", "lab.example", True),
        ("Lab.Example", "lab.example", True),
        ("::", "fe80::1", True),
        ("::1", "fe80::1", False),
        ("0.0.0.0", "", False),
        ("0.0.0.0", "lab.local", True),
        ("0.0.0.0", "lab", True),
        ("0.0.0.0", "evil.lab.local", False),
        ("127.0.0.1", "lab.local", False),
        ("127.0.0.2", "127.0.0.2", True),
    ],
)
def test_what_a_server_is_called(host, name, known, tmp_path):
    site = Site(
        Program((), lambda _: {}),
        host=host,
        port=0,
        most=1,
        root=tmp_path,
        tell=print,
        names=("Lab", "lab.local"),
    )
    assert site.is_called(name) == known


async def test_a_name_of_this_machine_that_leads_to_itself_is_not_reached_from_elsewhere(
    tmp_path, monkeypatch
):
    loop = asyncio.get_running_loop()
    leads = loop.getaddrinfo
    monkeypatch.setattr(
        loop,
        "getaddrinfo",
        lambda host, *how, **more: leads(
            "127.0.0.1" if host == "lab.example" else host, *how, **more
        ),
    )
    given = {"host": "lab.example", "port": 0, "most": 1, "root": tmp_path, "tell": print}
    site = Site(Program((), lambda _: {}), **given)
    stop, port = asyncio.Event(), loop.create_future()
    running = asyncio.create_task(site.run(port.set_result, stop))
    await port
    assert site.bound == ["127.0.0.1"]
    assert site.local
    assert site.is_called("lab.example")
    stop.set()
    await running


def test_which_addresses_only_this_machine_reaches():
    assert all(map(is_local, ("127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST")))
    assert not any(map(is_local, ("0.0.0.0", "::", "10.0.0.1", "localhost.example", "")))


@pytest.mark.parametrize(
    "said",
    [
        "no json",
        "[]",
        "{}",
        '["stdin", 7]',
        '["resize", {"width": "wide", "height": 3}]',
        '["resize", {"width": 1e999, "height": 3}]',
        '["quit"]',
        '["deliver_chunk_request", {}]',
        "[" * 100_000,
        b"bytes",
        '["stdin", "' + "x" * LONGEST + '"]',
    ],
    ids=lambda said: repr(said[:20]),
)
async def test_a_page_that_says_what_ours_never_does_is_closed(tmp_path, said):
    async with opened(tmp_path) as (site, client):
        socket, (process, *_) = await visit(client)
        await (socket.send_str(said) if isinstance(said, str) else socket.send_bytes(said))
        assert (await socket.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
        await until(lambda: not site.visitors, "the end")
        assert gone(process)
        assert not site.told


async def test_what_is_made_is_downloaded_once_it_is_offered_and_as_long_as_the_page_is_open(
    tmp_path,
):
    async with opened(tmp_path) as (site, client):
        socket, _ = await visit(client)
        await socket.send_json(["stdin", f"deliver {KEY} /etc/über.csv"])
        assert await socket.receive_json() == ["deliver_file_start", KEY]
        async with client.get(f"/download/{KEY}") as said:
            assert await said.text() == "what was made"
            assert said.headers["Content-Type"] == "text/csv"
            assert said.headers["Content-Disposition"] == (
                "attachment; filename*=UTF-8''%C3%BCber.csv"
            )
            assert said.headers["X-Content-Type-Options"] == "nosniff"
        for key in ("f" * 32, "..%2f..%2fx"):
            async with client.get(f"/download/{key}") as said:
                assert said.status == 404
        await socket.send_json(["stdin", "deliver ../there x.csv"])  # no key: nothing is offered
        await socket.send_json(["stdin", "still there"])
        assert await socket.receive_bytes() == b"Dstill there"
        for number in range(visitors.MOST_DOWNLOADS):
            await socket.send_json(["stdin", f"deliver {number:032x} more.csv"])
            await socket.receive_json()
        async with client.get(f"/download/{KEY}") as said:
            assert said.status == 404  # the oldest goes
        await socket.close()
        await until(lambda: not site.visitors, "the end")
        async with client.get(f"/download/{0:032x}") as said:
            assert said.status == 404


async def test_a_page_is_told_how_its_process_ended(tmp_path):
    async with opened(tmp_path) as (site, client):
        socket, _ = await visit(client)
        await socket.send_json(["stdin", "leave"])
        assert await closed(socket) == LEFT
        assert not site.told
        socket, _ = await visit(client)
        await socket.send_json(["stdin", "fail"])
        assert await closed(socket) == FAILED
        assert "status 1" in site.told[0]
        assert "failed" in site.told[1]


async def test_a_program_that_cannot_be_started_is_told(tmp_path):
    async with opened(tmp_path) as (site, client):
        site.program = Program((str(tmp_path / "nothing"),), lambda visit: {})
        socket = await client.ws_connect("/ws", headers={"Origin": client.origin})
        assert await closed(socket) == FAILED
        assert "No such file" in site.told[0]
        await until(lambda: not site.visitors, "the end")
        assert not [*tmp_path.iterdir()]


async def test_a_process_that_hangs_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(visitors, "PATIENCE", 0.2)
    async with opened(tmp_path) as (site, client):
        socket, (process, *_) = await visit(client)
        await socket.send_json(["stdin", "hang"])
        assert await socket.receive_bytes() == b"hangs"
        await socket.close()
        await until(lambda: not site.visitors, "the end")
        assert gone(process)


LEAVES_ONE = """
import subprocess
left = subprocess.Popen(["sleep", "600"], start_new_session=True)
open(os.environ["VISIT"] + "/left", "w").write(f"{left.pid} ")
"""


async def test_a_place_is_free_when_all_that_its_process_began_is_gone(tmp_path, monkeypatch):
    """A run that the process had begun has a keeper, who ends it a little later."""
    monkeypatch.setattr(visitors, "LINGERS", 300)
    async with opened(tmp_path) as (site, client):
        stand_in = STAND_IN.replace("names =", f"{LEAVES_ONE}names =")
        command = (sys.executable, "-S", "-c", stand_in)
        site.program = Program(command, lambda visit: {"VISIT": str(visit)})
        socket, (process, home, *_) = await visit(client)
        left = int((Path(home) / "left").read_text())
        await socket.close()
        await until(lambda: gone(process), "the end of the process")
        assert len(site.visitors) == 1
        os.kill(left, signal.SIGKILL)
        await until(lambda: not site.visitors, "the end of the visit")
        assert not Path(home).exists()
        monkeypatch.setattr(visitors, "LINGERS", 0.1)
        monkeypatch.setattr(visitors, "PATIENCE", 300)  # it needs none: it has ended itself
        socket, (process, home, *_) = await visit(client)
        left = int((Path(home) / "left").read_text())
        await socket.close()
        await until(lambda: not site.visitors, "the end of the visit")
        assert not gone(left)  # not for ever
        os.kill(left, signal.SIGKILL)


async def test_a_server_that_is_stopped_leaves_nothing(tmp_path, capfd):
    program = Program((sys.executable, "-S", "-c", STAND_IN), lambda visit: {"VISIT": str(visit)})
    told = []
    site = Site(program, host="127.0.0.1", port=0, most=2, root=tmp_path, tell=told.append)
    stop, port = asyncio.Event(), asyncio.get_running_loop().create_future()
    running = asyncio.create_task(site.run(port.set_result, stop))
    url = f"http://127.0.0.1:{await port}"
    for noise in (b"\x1b[31m\0\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET /" + b"x" * 99_999):
        reader, writer = await asyncio.open_connection("127.0.0.1", port.result())
        writer.write(noise)
        assert b" 400 " in await reader.readline()
        writer.close()
    assert not told  # what is no request at all is nothing to tell
    assert not capfd.readouterr().err
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}/ws", origin=url) as socket,
    ):
        process, *_ = json.loads(await socket.receive_bytes())
        stop.set()
        assert await closed(socket) == STOPPED
        await running
    assert gone(process)
    assert not [*tmp_path.iterdir()]


async def test_the_page_and_all_that_it_needs_is_here(tmp_path):
    """It names no other host, and the browser is told to ask none."""
    async with opened(tmp_path) as (_, client):
        for path in PAGE:
            async with client.get(path) as said:
                assert said.status == 200
                policy = said.headers["Content-Security-Policy"]
                data = await said.read()
            assert policy.startswith("default-src 'none'; ")
            assert not re.search(r"(?<!ws:)(?<!wss:)//(?!127\.0\.0\.1)|\*|data: .*script", policy)
            if not path.endswith(".ttf"):
                text = re.sub(r"/\*.*?\*/", "", data.decode(), flags=re.DOTALL)
                assert not re.findall(r"""(?:https?:|["'(])//\w[^"')\s]*""", text), path
            for wanted in re.findall(rb"""(?:src|href)=["'](/[^"']*)|url\("(/[^"]*)""", data):
                assert next(filter(None, wanted)).decode() in PAGE
        async with client.get("/static/") as said:
            assert said.status == 404


def test_the_page_knows_how_much_it_may_say_at_once():
    script = (files("dlplay.web") / "page/page.js").read_text(encoding="utf-8")
    assert f"const LONGEST = {LONGEST};" in script


def test_reasons_fit_into_a_closing_message():
    reasons = (FULL, LEFT, FAILED, STOPPED, sites.MANNERS)
    assert all(len(reason.encode()) <= 123 for reason in reasons)
