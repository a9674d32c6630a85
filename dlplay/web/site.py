"""The web server: one page, a socket for each visitor, downloads, and who may come.

A page of elsewhere that is open in the same browser can reach this server too. So each request
must name this server (a stranger's name that was made to lead here does not), the socket opens to
the server's own page alone, and no page of ours may be framed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import re
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.http_exceptions import HttpProcessingError

from dlplay.web.visitor import PATIENCE, Program, Visitor

LONGEST = 256 * 1024  # bytes of one message of a page: what is pasted comes as one
WIDTHS, HEIGHTS = (20, 1000), (8, 500)  # cells
HEARTBEAT = 15.0  # seconds after which a page that is silent is asked whether it is still there
FAREWELL = 1.0  # seconds that a page has to say that it has heard that it is closed
LOCAL = {"localhost", "127.0.0.1", "::1"}
HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::\d+)?", re.IGNORECASE | re.ASCII)
FULL = "All places are taken. Please try again in a while."
STOPPED = "The server was stopped."
LEFT = "You have left dlplay."
FAILED = "dlplay has ended; where it was started, it says why."
NAMES = (
    "Open it by the address of its machine, in numbers, or by the name that the machine has "
    "itself; whoever starts it may give another one with --host."
)
MANNERS = "This is no page of dlplay's."
HTML, CSS, JS, FONT = "text/html", "text/css", "text/javascript", "font/ttf"
PAGE = {
    "/": ("dlplay.web", "page/index.html", HTML),
    "/page.css": ("dlplay.web", "page/page.css", CSS),
    "/page.js": ("dlplay.web", "page/page.js", JS),
    "/xterm.css": ("textual_serve", "static/css/xterm.css", CSS),
    "/textual.js": ("textual_serve", "static/js/textual.js", JS),
    "/upright.ttf": ("textual_serve", "static/fonts/RobotoMono-VariableFont_wght.ttf", FONT),
    "/italic.ttf": ("textual_serve", "static/fonts/RobotoMono-Italic-VariableFont_wght.ttf", FONT),
}
"""What is served: nothing else, and nothing from elsewhere."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_local(host: str) -> bool:
    """Whether only this machine can reach what is bound to this address."""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host.lower() == "localhost"


class Site:
    """The pages of a program on one address of this machine."""

    def __init__(
        self,
        program: Program,
        *,
        host: str,
        port: int,
        most: int,
        root: Path,
        tell: Callable[[str], None],
        names: Collection[str] = (),
    ) -> None:
        """`most`: visitors at once. `root`: a folder of ours, for theirs. `tell` is told what goes
        wrong, in lines that may hold anything. `names`: what others may call this machine."""
        self.program = program
        self.host = host
        self.port = port
        self.most = most
        self.root = root
        self.tell = tell
        self.names = {name.lower() for name in names}
        self.bound = [host]  # once it runs, the addresses that the host stands for
        self.visitors: dict[Visitor, web.WebSocketResponse] = {}
        self._processes = asyncio.Semaphore(most)

    async def run(self, ready: Callable[[int], None], stop: asyncio.Event) -> None:
        """Serve until `stop`; `ready` is told the port. All processes are gone at the end.

        Raises OSError where the address cannot be had.
        """
        runner = web.AppRunner(
            self.application(),
            access_log=None,
            logger=self._logger(),
            shutdown_timeout=2 * PATIENCE,
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, self.host, self.port)
            await site.start()
            self.bound = [each[0] for each in runner.addresses]
            ready(runner.addresses[0][1])
            await stop.wait()
        finally:
            await runner.cleanup()

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        return all(map(is_local, self.bound))

    def application(self) -> web.Application:
        application = web.Application(middlewares=[self._guard()])
        for path in PAGE:
            application.router.add_get(path, self.page)
        application.router.add_get("/ws", self.socket)
        application.router.add_get("/download/{key}", self.download)
        application.on_response_prepare.append(_manners)
        application.on_shutdown.append(self._send_away)
        application.on_cleanup.append(self._end_all)
        return application

    def _logger(self) -> logging.Logger:
        """Tells what goes wrong here, and not what strangers send that is no request at all."""

        def tell(record: logging.LogRecord) -> bool:
            error = record.exc_info[1] if record.exc_info else None
            if not isinstance(error, HttpProcessingError):
                self.tell(f"{record.getMessage()}: {error!r}")
            return False

        logger = logging.Logger("dlplay.web", logging.WARNING)
        logger.addFilter(tell)
        return logger

    # Who may come

    def _guard(self) -> Any:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            name = _name(_host(request))
            if not self.is_called(name):
                raise web.HTTPForbidden(text=f"This server is not called {name!r}. {NAMES}")
            return await handler(request)

        return guard

    def is_called(self, name: str) -> bool:
        """Whether this is a name of this server. An address is: nobody can make one of his own
        lead here, as he can a name. So of names only those count that the machine gives itself."""
        if name in LOCAL or name == self.host.lower():
            return True
        if self.local:
            return is_local(name)
        with suppress(ValueError):
            return bool(ipaddress.ip_address(name))
        return name in self.names

    # What is asked for

    async def page(self, request: web.Request) -> web.Response:
        package, path, kind = PAGE[request.path]
        body = (files(package) / path).read_bytes()
        charset = None if kind == FONT else "utf-8"
        return web.Response(body=body, content_type=kind, charset=charset)

    async def download(self, request: web.Request) -> web.StreamResponse:
        for visitor in self.visitors:
            found = visitor.downloads.get(request.match_info["key"])
            if found is not None:
                kind = found.mime if "/" in found.mime else "application/octet-stream"
                name = f"attachment; filename*=UTF-8''{quote(found.name)}"
                headers = {"Content-Type": kind, "Content-Disposition": name}
                return web.FileResponse(found.path, headers=headers)
        raise web.HTTPNotFound(text="This file is gone, as is the page that it was made on.")

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """A page's socket, as long as it is open."""
        ours = (f"http://{_host(request)}", f"https://{_host(request)}")
        if request.headers.get("Origin") not in ours:
            raise web.HTTPForbidden(text=MANNERS)
        page = web.WebSocketResponse(
            heartbeat=HEARTBEAT, max_msg_size=LONGEST, compress=False, timeout=FAREWELL
        )
        await page.prepare(request)
        if sum(not visitor.closing for visitor in self.visitors) >= self.most:
            await page.close(code=WSCloseCode.TRY_AGAIN_LATER, message=FULL.encode())
            return page
        visitor = Visitor(self.program)
        self.visitors[visitor] = page
        width, height = request.query.get("width", ""), request.query.get("height", "")
        size = _within(width, *WIDTHS), _within(height, *HEIGHTS)
        showing = asyncio.create_task(self._show(visitor, page, *size))
        try:
            await _hear(visitor, page)
        finally:  # also where this is cancelled, as when the connection is lost
            await asyncio.shield(asyncio.ensure_future(self._let_go(visitor, showing)))
        return page

    async def _let_go(self, visitor: Visitor, showing: asyncio.Task[None]) -> None:
        await visitor.close()
        if not visitor.begun:  # it waits for the end of another one
            showing.cancel()
        await asyncio.wait([showing])
        del self.visitors[visitor]
        if not showing.cancelled():
            showing.result()

    async def _show(self, visitor: Visitor, page: web.WebSocketResponse, *size: int) -> None:
        """Show the page what its process draws, until that ends.

        The process begins once there is a place for it: a page that was closed leaves its own at
        once, but its process has to end first.
        """
        async with self._processes:
            try:
                await visitor.start(self.root, *size)
            except OSError as error:
                self.tell(f"a visitor's process could not be started: {error.strerror}")
                await page.close(message=FAILED.encode())
                return
            async for what in visitor.drawn():
                with suppress(ConnectionError, RuntimeError):  # the page is closed
                    if isinstance(what, bytes):
                        await page.send_bytes(what)
                    elif what.get("type") == "deliver_file_start" and (key := visitor.offer(what)):
                        await page.send_str(json.dumps(["deliver_file_start", key]))
            asked = visitor.closing  # it has ended as its page is closed
            await visitor.close()
        if asked:
            return
        if visitor.status:
            self.tell(f"a visitor's process has ended with status {visitor.status}")
            self.tell(visitor.trouble)
        await page.close(message=(FAILED if visitor.status else LEFT).encode())

    # The end

    async def _send_away(self, _: web.Application) -> None:
        closing = (
            page.close(code=WSCloseCode.GOING_AWAY, message=STOPPED.encode())
            for page in [*self.visitors.values()]
        )
        await asyncio.gather(*closing, return_exceptions=True)

    async def _end_all(self, _: web.Application) -> None:
        await asyncio.gather(*(visitor.close() for visitor in [*self.visitors]))


async def _hear(visitor: Visitor, page: web.WebSocketResponse) -> None:
    """Tell the process what is done on its page, until that is closed; a page that says what ours
    never does is closed."""
    async for message in page:
        if message.type is not WSMsgType.TEXT:
            break
        try:
            await _heard(visitor, page, json.loads(message.data))
        except (ValueError, TypeError, KeyError, RecursionError):
            await page.close(code=WSCloseCode.POLICY_VIOLATION, message=MANNERS.encode())


async def _heard(visitor: Visitor, page: web.WebSocketResponse, said: Any) -> None:
    match said:
        case ["stdin", str(text)]:
            await visitor.type(text)
        case ["resize", {"width": int(width), "height": int(height)}]:
            size = {"width": _within(width, *WIDTHS), "height": _within(height, *HEIGHTS)}
            await visitor.tell(type="resize", **size)
        case ["focus" | "blur" as kind]:
            await visitor.tell(type=kind)
        case ["ping", str(when)]:
            await page.send_json(["pong", when])
        case _:
            raise ValueError


async def _manners(request: web.Request, response: web.StreamResponse) -> None:
    """The browser fetches nothing from elsewhere, guesses no types, and shows us in no frame."""
    here = _host(request)
    response.headers.update(
        {
            "Content-Security-Policy": (
                "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
                f"font-src 'self'; img-src 'self' data:; connect-src 'self' ws://{here} "
                f"wss://{here}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
            "Cache-Control": "no-store",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        }
    )


def _host(request: web.Request) -> str:
    """What a request calls this server, with the port."""
    return request.headers.get("Host", "")


def _name(host: str) -> str:
    """The same without the port."""
    found = HOST.fullmatch(host)
    return (found[1] or found[2]).lower() if found else ""


def _within(number: Any, least: int, most: int) -> int:
    """A whole number of these; what is none is the least."""
    with suppress(ValueError):
        return min(max(int(number), least), most)
    return least
