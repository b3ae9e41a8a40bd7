"""What administrators look after: accounts and terminals."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from server.accounts import accounts
from server.accounts.rights import Right, Role
from server.tokens import store
from server.web.callers import AdministratorInPerson, Ports
from server.web.templating import page

router = APIRouter(prefix="/system")


@router.get("/accounts")
async def all_accounts(request: Request, caller: AdministratorInPerson, running: Ports) -> Response:
    found = await running.database.read(accounts.all_accounts)
    return page(
        request, "system_accounts.html", caller=caller, accounts=found, roles=list(Role), rights=Right
    )


@router.get("/terminals")
async def all_terminals(request: Request, caller: AdministratorInPerson, running: Ports) -> Response:
    stored = await running.database.read(store.all_tokens)
    return page(
        request,
        "system_terminals.html",
        caller=caller,
        tokens=[each for each in stored if caller.sees(each.terminal)],
        configured=[name for name in sorted(running.settings.tokens) if caller.sees(name)],
        required=running.settings.needs_tokens,
    )
