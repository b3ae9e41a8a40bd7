"""Changes what is laid down for people, and waits until the server goes by it."""

from collections.abc import Callable

from server.site.errors import Kind, SiteError
from server.site.people_changes import Change
from server.site.site import Site


def lay_down(site: Site, *changes: Change, check: Callable[[], None] = lambda: None) -> None:
    """Make the changes. `check`: raises whatever speaks against them, at the last moment before. Raises
    SiteError: nothing has changed, or the sentence says that it has, and is not in force."""
    with site.changing:
        check()
        wanted = site.people.edit(*changes).roster
        if not site.in_force.wait_for(lambda: site.in_force.roster() == wanted):
            sentence = f"{site.people.path} is changed, but the server does not follow it; its log says why"
            raise SiteError(Kind.REFUSED, sentence)
