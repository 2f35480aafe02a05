"""A Redis server inside the test: real sockets, the real client, and it can be taken away and come back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from fakeredis import TcpFakeServer
from redis import Redis


@dataclass
class RedisServer:
    """One server on a port of this machine."""

    port: int = 0
    _server: TcpFakeServer | None = None
    _thread: threading.Thread = field(default_factory=threading.Thread)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Begin to answer; after ``stop`` at the same port, with nothing kept."""
        self._server = TcpFakeServer(("127.0.0.1", self.port))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop answering, in the middle of connections too."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
        self._server = None

    def holds(self) -> str:
        """Every key and every value in it, as one text."""
        with Redis.from_url(self.url) as client:
            read: dict[bytes, Callable[[bytes], object]] = {
                b"list": lambda key: client.lrange(key, 0, -1),
                b"zset": lambda key: client.zrange(key, 0, -1),
                b"string": client.get,
            }
            return repr([(key, read[client.type(key)](key)) for key in client.keys("*")])


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A server until the block ends."""
    server = RedisServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
