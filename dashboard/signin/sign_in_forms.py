"""The pages that must work before Streamlit does: plain forms to sign in and to choose a password."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from engine.accounts.passwords import SHORTEST

HEADERS = {
    "Cache-Control": "no-store",
    # Not `no-referrer`: under it a browser does not say where a form comes from.
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
}

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title} · Contact Sheets</title>
<style>
* {{ box-sizing: border-box; }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; background: #fbfaf7; color: #22302b;
  font: 16px/1.5 system-ui, sans-serif; }}
main {{ width: min(24rem, 100vw - 2rem); padding: clamp(1.4rem, 6vw, 2.5rem); margin: 1rem; background: #fff;
  border: 1px solid #e2ded4; border-radius: 14px; box-shadow: 0 8px 30px rgb(34 48 43 / 8%); }}
.brand {{ font-weight: 700; margin: 0 0 1.4rem; color: #22302b; }}
h1 {{ font-size: 1.4rem; line-height: 1.25; margin: 0 0 .5rem; }} p {{ color: #55635d; margin: 0 0 1.3rem; overflow-wrap: anywhere; }}
label {{ display: block; font-weight: 600; font-size: .92rem; margin: 0 0 .3rem; }}
input {{ font: inherit; width: 100%; padding: .6rem .75rem; border: 1px solid #87938d; border-radius: 10px; margin: 0 0 1.1rem; background: #fff; color: inherit; }}
input[readonly] {{ background: #f1efe9; color: #55635d; }}
input:focus-visible, button:focus-visible, a:focus-visible {{ outline: 3px solid #2f5d50; outline-offset: 2px; }}
button {{ font: inherit; font-weight: 600; width: 100%; padding: .7rem; border: 0; border-radius: 10px;
  background: #2f5d50; color: #fff; cursor: pointer; }} button:hover {{ background: #24483e; }}
code {{ background: #f1efe9; border-radius: 5px; padding: .1rem .35rem; }}
.hint {{ font-size: .86rem; margin: -.75rem 0 1.1rem; }} .foot {{ font-size: .86rem; margin: 1.2rem 0 0; }} a {{ color: #2f5d50; }}
.alert {{ background: #fdf3f0; border: 1px solid #ecc9bf; color: #8a2c19; border-radius: 10px; padding: .6rem .8rem; }}
</style></head><body><main><p class="brand">📇 Contact Sheets</p><h1>{title}</h1>{body}</main></body></html>"""


@dataclass(frozen=True)
class FormContext:
    """What every form carries along: the token that shows it is ours, and where to go afterwards."""

    token: str
    next: str = ""
    link: str = ""

    def fields(self) -> str:
        values = (("token", self.token), ("next", self.next), ("link", self.link))
        return "".join(
            f"<input type='hidden' name='{name}' value='{escape(value, quote=True)}'>"
            for name, value in values
        )


def password_page(context: FormContext, *, email: str = "", problem: str = "", company: str = "") -> str:
    """Email and password; `company` is the other way in, if there is one."""
    other = f"<p class='foot'><a href='/'>Sign in with {escape(company)}</a></p>" if company else ""
    body = (
        f"{_alert(problem)}<form method='post' action='/signin'>{context.fields()}"
        "<label for='email'>Email</label>"
        f"<input id='email' name='email' type='email' autocomplete='username' required maxlength='254' value='{escape(email, quote=True)}'{'' if email else ' autofocus'}>"
        "<label for='password'>Password</label>"
        f"<input id='password' name='password' type='password' autocomplete='current-password' required{' autofocus' if email else ''}>"
        "<button>Sign in</button></form>"
        "<p class='foot'>No password yet, or forgotten it? An admin makes you a link for a new one, "
        f"and on the server <code>sheets link</code> prints one to come in.</p>{other}"
    )
    return _page("Please sign in", body)


def choose_page(context: FormContext, *, email: str, invited: bool, problem: str = "") -> str:
    """A new password for an account, twice."""
    body = (
        f"{_alert(problem)}<form method='post' action='/signin'>{context.fields()}"
        "<label for='email'>Email</label>"
        f"<input id='email' name='email' type='email' autocomplete='username' readonly value='{escape(email, quote=True)}'>"
        "<label for='password'>New password</label>"
        "<input id='password' name='password' type='password' autocomplete='new-password' required autofocus aria-describedby='hint'>"
        f"<p class='hint' id='hint'>At least {SHORTEST} characters. Three or four words are easy to keep in mind.</p>"
        "<label for='again'>The same again</label>"
        "<input id='again' name='again' type='password' autocomplete='new-password' required>"
        "<button>Save and sign in</button></form>"
    )
    return _page("Welcome: choose a password" if invited else "Choose a new password", body)


def link_page(context: FormContext) -> str:
    """A link that signs in by the button: mail scanners follow links, but press no buttons."""
    body = (
        f"<p>This link signs you in once.</p><form method='post' action='/signin'>{context.fields()}"
        "<button>Sign in</button></form>"
    )
    return _page("Welcome", body)


def expired_link_page() -> str:
    """A link that leads nowhere any more."""
    body = (
        "<p>It was used before, or waited too long. An admin makes a new one, "
        "and on the server <code>sheets link</code> prints one.</p>"
        "<p class='foot'><a href='/signin'>Sign in with a password</a></p>"
    )
    return _page("This link no longer works", body)


def sign_out_page(context: FormContext) -> str:
    """Asks, when another site led here."""
    body = f"<p>Another page led you here.</p><form method='post' action='/signout'>{context.fields()}<button>Sign out</button></form>"
    return _page("Sign out?", body)


def stale_form_page() -> str:
    """A form that is not ours, or too old."""
    body = (
        "<p>The form was open for too long, or another page sent it. Nothing was done.</p>"
        "<p class='foot'><a href='/signin'>Try again</a></p>"
    )
    return _page("That did not come from here", body)


def download_denied_page(words: str) -> str:
    """A file that somebody cannot have, and why."""
    body = (
        f"<p>{escape(words[:1].upper() + words[1:])}</p><p class='foot'><a href='/'>To the contacts</a></p>"
    )
    return _page("There is no file for you here", body)


def _alert(problem: str) -> str:
    return f"<p class='alert' role='alert'>{escape(problem)}</p>" if problem else ""


def _page(title: str, body: str) -> str:
    return _PAGE.format(title=title, body=body)
