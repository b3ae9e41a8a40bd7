"""What administrators look after: the server itself, accounts, terminals, and what operators did."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from server.accounts import accounts
from server.accounts.rights import Right, Role
from server.audit.operator_log import ActKind
from server.support.clock import now_ms
from server.tokens import store
from server.tokens.certificates import all_certificates
from server.tokens.reminders import expiring, expiring_certificates
from server.web.api.accounts import etag as account_etag
from server.web.api.acts import PAGE, Asked
from server.web.api.terminals import terminals_of
from server.web.api.tokens import etag as token_etag
from server.web.callers import Administrator, AdministratorInPerson, Ports, SiteAdministratorInPerson
from server.web.paging import Before, next_of
from server.web.state import state
from server.web.templating import page
from server.web.terminal.routes import own_authority

router = APIRouter(prefix="/system")


@router.get("")
async def present_state(request: Request, caller: SiteAdministratorInPerson, running: Ports) -> Response:
    return page(request, "system_state.html", caller=caller, state=await state(running))


@router.get("/record")
async def record(
    request: Request, caller: Administrator, asked: Asked, before: Before, running: Ports
) -> Response:
    found = await running.database.read(lambda sql: asked.page(sql, before, PAGE))
    return page(
        request,
        "system_record.html",
        caller=caller,
        acts=found,
        next=next_of(found, PAGE),
        kinds=sorted(ActKind, key=lambda kind: kind.value),
        asked=request.query_params,
    )


@router.get("/accounts")
async def all_accounts(request: Request, caller: SiteAdministratorInPerson, running: Ports) -> Response:
    found = await running.database.read(accounts.all_accounts)
    return page(
        request,
        "system_accounts.html",
        caller=caller,
        accounts=found,
        etags={each.name: account_etag(each) for each in found},
        roles=list(Role),
        rights=Right,
    )


@router.get("/terminals")
async def all_terminals(request: Request, caller: AdministratorInPerson, running: Ports) -> Response:
    stored = await running.database.read(store.all_tokens)
    certificates = await running.database.read(all_certificates)
    now = now_ms()
    return page(
        request,
        "system_terminals.html",
        caller=caller,
        terminals=await terminals_of(running, caller),
        tokens={each.terminal: each for each in stored},
        etags={each.terminal: token_etag(each) for each in stored},
        now=now,
        soon={each.terminal for each in stored if expiring(each, now)},
        certificates=certificates,
        certificates_soon=expiring_certificates(certificates, now),
        longest_days=store.MAX_DAYS,
        configured=running.settings.tokens.keys(),
        ca=own_authority(running.settings) is not None,
        required=running.settings.needs_tokens,
        history_days=running.settings.history_days,
    )
