"""The named errors of the pure room."""

from __future__ import annotations


class CoupleFault(ValueError):
    """A couple file that cannot be read.

    ``path`` says where (``partners.a.lean``), ``message`` what is wrong; neither ever repeats a value.
    ``line`` is the line of the file, 0 where there is none (``parse_couple``).
    """

    def __init__(self, path: str, message: str, line: int = 0) -> None:
        self.path = path
        self.message = message
        self.line = line
        super().__init__(f"{path}: {message}" if path else message)

    def at_line(self, line: int) -> CoupleFault:
        """The same fault with the line it was found on."""
        return CoupleFault(self.path, self.message, line)


class SettingFault(ValueError):
    """Thresholds of a ruleset outside their safe ranges; ``faults`` holds (setting, message) of each."""

    def __init__(self, faults: tuple[tuple[str, str], ...]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{name}: {message}" for name, message in faults))
