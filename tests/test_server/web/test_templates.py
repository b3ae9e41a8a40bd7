"""The templates of all pages."""

import re

import pytest

from server.web.static_files import FOLDER

FORMS = [
    (path.name, form)
    for path in sorted((FOLDER.parent / "templates").rglob("*.html"))
    for form in re.findall(r"<form[^>]*>", path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("page", "form"), FORMS)
def test_what_is_sent_before_a_script_has_loaded_is_not_in_the_address(page: str, form: str) -> None:
    """Else a password would be in the logs of every proxy, and in the browser's history."""
    assert ('method="get"' if "filters" in form else 'method="post"') in form
