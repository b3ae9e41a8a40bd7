"""The OpenAPI document tells each route, and how one proves who one is."""

from tests.support.console import Site


def test_each_route_says_how_one_proves_who_one_is(site: Site) -> None:
    document = site.browser().get("/api/v1/openapi.json").json()
    paths = document["paths"]
    assert paths["/api/v1/tokens/{terminal}"]["post"]["security"] == [{"key": []}, {"session": []}]
    assert paths["/api/v1/keys"]["post"]["security"] == [{"session": []}]
    assert paths["/healthz"]["get"]["security"] == []
    assert set(document["components"]["securitySchemes"]) == {"key", "session"}


def test_pages_are_no_part_of_the_api(site: Site) -> None:
    paths = site.browser().get("/api/v1/openapi.json").json()["paths"]
    beside = {path.split("/")[1] for path in paths if not path.startswith("/api/v1/")}
    told = {"terminals", "healthz", "readyz", "metrics", "hash", "process-frame", "threshold_stats"}
    assert beside <= told


def test_each_route_is_told_in_words(site: Site) -> None:
    for path, methods in site.browser().get("/api/v1/openapi.json").json()["paths"].items():
        for method, route in methods.items():
            assert route.get("description"), f"{method} {path}"


def test_the_page_of_the_api_takes_nothing_from_another_host(site: Site) -> None:
    text = site.browser().get("/docs").text
    assert "http://" not in text and "https://" not in text
    assert site.browser().get("/static/swagger/swagger-ui.css").status_code == 200
