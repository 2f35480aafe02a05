"""Commands that need no database, no key and no page: an application of commands alone serves them.

It starts in a quarter of the time, and nothing that such a command does can touch what it does not hold.
Also how any command refuses: in words, with exit 2.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NoReturn

import click
from flask import Flask

BAD_INPUT: Final = 2
#: Group and command -> the module that registers it.
_MODULES: Mapping[tuple[str, str], str] = {
    ("routing", "recommend"): "routing",
    ("routing", "verify"): "routing_proof",
    ("routing", "simulate"): "routing_proof",
    ("routing", "document"): "routing_proof",
}
#: How an error is told: these words, its own (""), or words made from it.
Words = str | Callable[[Any], str]
#: What a disk says that is full, failing or read-only.
DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
_FLASK = frozenset({"flask", "flask.exe", "__main__.py"})


def module_of(arguments: Sequence[str]) -> str:
    """The module that alone serves a command line of ``flask``; "" where the whole portal is needed."""
    program, *words = arguments or [""]
    if Path(program).name not in _FLASK:
        return ""
    return next((_MODULES[pair] for pair in pairwise(words) if pair in _MODULES), "")


def serves(arguments: Sequence[str]) -> bool:
    """Whether a command line serves pages: ``flask ... serve``, or gunicorn's."""
    program, *words = arguments or [""]
    return "serve" in words or "gunicorn" in Path(program).parts


def create_commands(module: str) -> Flask:
    """An application of the commands of one module, and of nothing else."""
    from portal.content.faults import ContentError  # noqa: PLC0415 - late, as in create_app

    app = Flask("portal", static_folder=None)
    import_module(f"portal.commands.{module}").init_app(app)
    for command in app.cli.commands.values():
        let_refuse(command, {ContentError: "", OSError: words_of_disk})
    return app


def words_of_disk(error: OSError) -> str:
    """A disk that is full, failing or read-only, and the file. Any other error is ours, and raised again."""
    if error.errno not in DISK:
        raise error
    return ": ".join(str(word) for word in (error.filename, error.strerror) if word)


def refuse(*reasons: str) -> NoReturn:
    """Say why not, a line each, and exit 2."""
    for reason in reasons:
        click.echo(reason, err=True)
    sys.exit(BAD_INPUT)


def _let_go_of_output() -> None:
    """What a full disk did not take would be tried once more at the end of the process, which then ends with
    120 and a line of the interpreter's.
    """
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def let_refuse(command: click.Command, refusals: Mapping[type[Exception], Words]) -> None:
    """What cannot be used is told line by line, exit 2: each error by the words given, "" its own.

    Words that are made from the error may raise it again instead. A traceback ends with 1, which says
    "a finding" to a timer.
    """
    if isinstance(command, click.Group):
        for part in command.commands.values():
            let_refuse(part, refusals)
    # Where another application of this process has wrapped it, that one's words are not these.
    run = getattr(command.callback, "plain", command.callback)
    if run is None:
        return
    errors = tuple(refusals)

    @wraps(run)
    def told(*given: Any, **named: Any) -> Any:
        try:
            return run(*given, **named)
        except errors as error:
            words = next(words for kind, words in refusals.items() if isinstance(error, kind))
            click.echo((words if isinstance(words, str) else words(error)) or str(error), err=True)
            _let_go_of_output()
            sys.exit(BAD_INPUT)

    told.plain = run  # type: ignore[attr-defined]
    command.callback = told
