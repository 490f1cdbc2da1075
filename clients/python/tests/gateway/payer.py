"""A payer without a browser, who pays by wallet or at a terminal."""

import re

import httpx

from .demo import SANDBOX


def pay_by_wallet(link: str, phone: str) -> None:
    """Opens the link, types the phone's number and then the code that it receives."""
    with httpx.Client(follow_redirects=True) as browser:
        choose = _page(browser.get(link))
        code_page = _page(_submit(browser, link, choose, "wallet", {"phone": phone}))
        code = re.search(r"\b[0-9]{6}\b", _page(browser.get(f"{SANDBOX}/phone/{phone}")))
        assert code, "the phone has received no code"
        _page(_submit(browser, link, code_page, "code", {"code": code[0]}))


def press_at_terminal(merchant: str, terminal: str, button: str) -> None:
    """Pays or declines the one payment that waits at a terminal of the sandbox."""
    page = f"{SANDBOX}/terminal/{merchant}/{terminal}"
    with httpx.Client(follow_redirects=True) as browser:
        _page(_submit(browser, page, _page(browser.get(page)), button, {}))


def _page(response: httpx.Response) -> str:
    assert response.status_code == 200, response.text
    return response.text


def _submit(
    browser: httpx.Client, link: str, html: str, end: str, typed: dict[str, str]
) -> httpx.Response:
    form = re.search(rf'<form[^>]* action="([^"]*/{end})".*?</form>', html, re.DOTALL)
    assert form, f"the page has no form for {end}: {html}"
    hidden = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form[0])
    return browser.post(httpx.URL(link).join(form[1]), data={**dict(hidden), **typed})
