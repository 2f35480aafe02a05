"""Parts of a page are imported as Jinja imports them, only without looking twice."""

from __future__ import annotations

from jinja2 import DictLoader, Environment

from portal.web import speech


def test_a_part_knows_the_globals_of_the_page_that_imports_it() -> None:
    """Those of one page alone, too: no module that was drawn for another page answers."""
    parts = {
        "part": "{% macro told() %}{{ everywhere }} {{ here }}{% endmacro %}",
        "page": "{% from 'part' import told %}{{ told() }}",
    }
    environment = Environment(loader=DictLoader(parts), autoescape=True, cache_size=0)
    speech.install(environment)
    environment.globals["everywhere"] = "sun"
    drawn = [environment.get_template("page", globals={"here": here}).render() for here in ("rain", "wind")]
    assert drawn == ["sun rain", "sun wind"]
    assert environment.get_template("page").render() == "sun "
