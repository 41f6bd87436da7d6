"""Plain HTML pages that work without Streamlit: the forms to sign in and to set a password."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from engine.accounts.passwords import SHORTEST

HEADERS = {
    "Cache-Control": "no-store",
    # Not `no-referrer`: under it a browser does not say where a form comes from.
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
}

_PAGE = Markup("""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title} · Contact Sheets</title>
<style>
* {{ box-sizing: border-box; }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; background: #fbfaf7; color: #22302b;
  font: 16px/1.5 system-ui, sans-serif; }}
main {{ width: min(24rem, 100vw - 2rem); padding: clamp(1.4rem, 6vw, 2.5rem); margin: 1rem; background: #fff;
  border: 1px solid #e2ded4; border-radius: 14px; box-shadow: 0 8px 30px rgb(34 48 43 / 8%); }}
.brand {{ font-weight: 700; margin: 0 0 1.4rem; color: #22302b; }}
h1 {{ font-size: 1.4rem; line-height: 1.25; margin: 0 0 .9rem; }} p {{ color: #55635d; margin: 0 0 1.3rem; overflow-wrap: anywhere; }}
label {{ display: block; font-weight: 600; font-size: .92rem; margin: 0 0 .3rem; }}
input {{ font: inherit; width: 100%; padding: .6rem .75rem; border: 1px solid #87938d; border-radius: 10px; margin: 0 0 1.1rem; background: #fff; color: inherit; }}
input[readonly] {{ background: #f1efe9; color: #55635d; }}
input:focus-visible, button:focus-visible, a:focus-visible {{ outline: 3px solid #2f5d50; outline-offset: 2px; }}
button {{ font: inherit; font-weight: 600; width: 100%; padding: .7rem; border: 0; border-radius: 10px;
  background: #2f5d50; color: #fff; cursor: pointer; }} button:hover {{ background: #24483e; }}
code {{ background: #f1efe9; border-radius: 5px; padding: .1rem .35rem; }}
.hint {{ font-size: .86rem; margin: -.75rem 0 1.1rem; }} .foot {{ font-size: .86rem; margin: 1.2rem 0 0; }} a {{ color: #2f5d50; }}
.alert {{ background: #fdf3f0; border: 1px solid #ecc9bf; color: #8a2c19; border-radius: 10px; padding: .6rem .8rem; }}
</style></head><body><main><p class="brand">📇 Contact Sheets</p><h1>{title}</h1>{body}</main></body></html>""")


@dataclass(frozen=True)
class FormContext:
    """The hidden fields of every form: the CSRF token, the link, and the address to continue at."""

    token: str
    next: str = ""
    link: str = ""

    def form(self, action: str, inputs: Markup) -> Markup:
        """A form with these inputs and the hidden fields."""
        values = (("token", self.token), ("next", self.next), ("link", self.link))
        hidden = Markup().join(
            Markup("<input type='hidden' name='{}' value='{}'>").format(*pair) for pair in values
        )
        return Markup("<form method='post' action='{}'>{}{}</form>").format(action, hidden, inputs)


def password_page(context: FormContext, *, email: str = "", problem: str = "", company: str = "") -> str:
    """The sign-in form; `company` is the name of the OpenID provider, if there is one."""
    inputs = Markup(
        "<label for='email'>Email</label>"
        "<input id='email' name='email' type='email' autocomplete='username' required maxlength='254' value='{}'{}>"
        "<label for='password'>Password</label>"
        "<input id='password' name='password' type='password' autocomplete='current-password' required{}>"
        "<button>Sign in</button>"
    ).format(email, "" if email else " autofocus", " autofocus" if email else "")
    foot = Markup(
        "<p class='foot'>Forgot your password, or have none yet? An admin can send you a link to set one. "
        "On the server, <code>sheets link</code> prints a sign-in link.</p>"
    )
    other = Markup("<p class='foot'><a href='/'>Sign in with {}</a></p>").format(company) if company else ""
    return _page("Sign in to your account", _alert(problem) + context.form("/signin", inputs) + foot + other)


def choose_page(context: FormContext, *, email: str, invited: bool, problem: str = "") -> str:
    """The form for a new password."""
    inputs = Markup(
        "<label for='email'>Email</label>"
        "<input id='email' name='email' type='email' autocomplete='username' readonly value='{}'>"
        "<label for='password'>New password</label>"
        "<input id='password' name='password' type='password' autocomplete='new-password' required autofocus aria-describedby='hint'>"
        "<p class='hint' id='hint'>At least {} characters. Three or four words are easy to remember.</p>"
        "<label for='again'>Repeat the password</label>"
        "<input id='again' name='again' type='password' autocomplete='new-password' required>"
        "<button>Save and sign in</button>"
    ).format(email, SHORTEST)
    title = "Welcome! Set your password" if invited else "Set a new password"
    return _page(title, _alert(problem) + context.form("/signin", inputs))


def link_page(context: FormContext) -> str:
    """The page of a sign-in link.  It signs in by a button, as mail scanners follow links."""
    form = context.form("/signin", Markup("<button>Sign in</button>"))
    return _page("Welcome", Markup("<p>This link works once.</p>") + form)


def expired_link_page() -> str:
    """The page for a link that was used or has expired."""
    body = Markup(
        "<p>It was already used, or it has expired. Ask an admin for a new one; "
        "on the server, <code>sheets link</code> prints one.</p>"
        "<p class='foot'><a href='/signin'>Sign in with a password</a></p>"
    )
    return _page("This link no longer works", body)


def sign_out_page(context: FormContext) -> str:
    """The question whether to sign out, for a request from another site."""
    form = context.form("/signout", Markup("<button>Sign out</button>"))
    return _page("Sign out?", Markup("<p>You came here from another site.</p>") + form)


def stale_form_page() -> str:
    """The page for a form with an invalid or expired token."""
    body = Markup(
        "<p>It was open for too long, or another site sent it. Nothing was changed.</p>"
        "<p class='foot'><a href='/signin'>Try again</a></p>"
    )
    return _page("This form has expired", body)


def failed_page(words: str) -> str:
    """Signing in or out failed, and why."""
    body = Markup("<p>{}</p><p class='foot'><a href='/'>Try again</a></p>")
    return _page("Something went wrong", body.format(words))


def download_denied_page(words: str) -> str:
    """The page for a refused download, with the reason."""
    body = Markup("<p>{}</p><p class='foot'><a href='/'>Go to contacts</a></p>")
    return _page("This file is not available", body.format(words[:1].upper() + words[1:]))


def _alert(problem: str) -> Markup:
    return Markup("<p class='alert' role='alert'>{}</p>").format(problem) if problem else Markup()


def _page(title: str, body: Markup) -> str:
    return _PAGE.format(title=title, body=body)
