"""``python -m portal.content_reader``: reads and checks content for a process that serves (decision 0098).

It hands over what it found, through a pipe, and ends; pydantic, YAML and the shapes of the files go with it.
Nothing is kept on a disk, so that nothing can be out of date: each start reads the files anew. Begun first of
all, it reads while its parent loads the rest.
"""

from __future__ import annotations

import gc
import logging
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from portal.content import shipped
from portal.content.faults import ContentError

log = logging.getLogger("portal.start")

#: Seconds after which a reader that has not answered is given up.
PATIENCE: Final = 30.0
_ROOT: Final = Path(__file__).resolve().parent.parent
_COMMAND: Final = (sys.executable, "-m", "portal.content_reader")
_begun: list[subprocess.Popen[bytes]] = []


def begin(command: Sequence[str] = _COMMAND) -> None:
    """Have another process read. Where none can be started, this one reads, later."""
    # Of the settings it needs none, and some are secret.
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PYTHON", "LD_", "PATH"))}
    try:
        process = subprocess.Popen(  # noqa: S603 - our own program
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=kept, cwd=_ROOT
        )
    except OSError:
        return
    _begun.append(process)


def require_sound() -> None:
    """Hold the whole content, as the reader found it or read here. ContentError with every fault there is."""
    if _begun:
        shipped.hold(_told(_begun.pop()))
    shipped.require_sound()


def _told(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """What the reader hands over; nothing where it could not. ContentError for what it found wrong."""
    try:
        said, _ = process.communicate(timeout=PATIENCE)
        told = pickle.loads(said)  # noqa: S301 - from our own program
    except Exception as error:  # killed, hung, or of another version: not worth the start
        process.kill()
        process.communicate()
        log.warning("content is read here, as its reader was lost: %s", type(error).__name__)
        return {}
    if told["faults"]:
        raise ContentError(told["faults"])
    return dict(told["parts"])


def main() -> None:
    """The reader."""
    found: dict[str, Any] = {"parts": {}, "faults": ()}
    try:
        found["parts"] = shipped.whole()
    except ContentError as error:
        found["faults"] = error.faults
    try:
        sys.stdout.buffer.write(pickle.dumps(found, pickle.HIGHEST_PROTOCOL))
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # whoever asked is gone
        os._exit(1)


if __name__ == "__main__":
    gc.disable()  # what it reads it keeps to its end, a third of a second later
    main()
