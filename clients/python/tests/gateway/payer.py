"""A payer without a browser, who pays by wallet, by card or at a terminal."""

import re
import time

import httpx

from .demo import SANDBOX


def pay_by_wallet(link: str, phone: str) -> None:
    """Opens the link, types the phone's number and then the code that it receives."""
    with httpx.Client(follow_redirects=True) as browser:
        choose = _page(browser.get(link))
        code_page = _page(_submit(browser, link, choose, "wallet", {"phone": phone}))
        _page(_submit(browser, link, code_page, "code", {"code": _code(browser, phone)}))


def _code(browser: httpx.Client, phone: str) -> str:
    """The message may come a moment after the page that takes its code."""
    given_up_at = time.monotonic() + 10
    while time.monotonic() < given_up_at:
        code = re.search(r"\b[0-9]{6}\b", _page(browser.get(f"{SANDBOX}/phone/{phone}")))
        if code:
            return code[0]
    raise AssertionError("the phone has received no code")


def pay_by_card(link: str, number: str, expiry: str, cvc: str) -> None:
    """Goes to the bank's page, types the card and the code that the bank asks for, and returns."""
    with httpx.Client(follow_redirects=True) as browser:
        leaving = _submit(browser, link, _page(browser.get(link)), "card", {})
        bank = _led_on(browser, leaving)
        card = {"number": number, "exp": expiry, "csc": cvc, "name": "Amira"}
        asking = _submit(browser, str(bank.url), _page(bank), "card", card)
        done = _submit(browser, str(asking.url), _page(asking), "3ds", {"otp": "123456"})
        _page(_led_on(browser, done))


def _led_on(browser: httpx.Client, response: httpx.Response) -> httpx.Response:
    """Where a page leads by itself."""
    refresh = re.search(r'<meta http-equiv="refresh" content="0;url=([^"]*)">', _page(response))
    assert refresh, f"the page leads nowhere: {response.text}"
    return browser.get(response.url.join(refresh[1]))


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
    form = re.search(rf'<form[^>]* action="([^"]*/{end}(?:\?[^"]*)?)".*?</form>', html, re.DOTALL)
    assert form, f"the page has no form for {end}: {html}"
    hidden = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form[0])
    return browser.post(httpx.URL(link).join(form[1]), data={**dict(hidden), **typed})
