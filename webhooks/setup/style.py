"""The look of the pages: one style sheet, light and dark, from phones to wide screens; its hash stands in the policy."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

CSS: Final = """
:root{color-scheme:light dark;--back:#f6f7f9;--card:#fff;--text:#1b2430;--soft:#52606f;--line:#d5dbe3;--field:#8893a1;
--accent:#175bb8;--on-accent:#fff;--code:#eef1f5;--good:#17693a;--bad:#a5231a;--bad-back:#fdf0ef;--note-back:#eef4fd}
@media (prefers-color-scheme:dark){:root{--back:#10151c;--card:#18202a;--text:#e5eaf0;--soft:#a5b1bf;--line:#313d4b;
--field:#6f7d8d;--accent:#82b4ff;--on-accent:#0b1420;--code:#0f151d;--good:#7bd39c;--bad:#ff9d94;--bad-back:#2d1c1e;
--note-back:#17263b}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",
sans-serif;-webkit-text-size-adjust:100%;text-size-adjust:100%}
.wrap{max-width:44rem;margin:0 auto;padding:1.25rem 1rem 4rem}
header{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;align-items:center;justify-content:space-between;margin-bottom:1.25rem}
.mark{font-weight:700;letter-spacing:-.01em}
.steps{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:0;padding:0;list-style:none;color:var(--soft);font-size:.875rem}
.steps [aria-current]{color:var(--text);font-weight:600;border-bottom:2px solid var(--accent)}
main>:last-child{margin-bottom:0}
main{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:clamp(1.1rem,4vw,2rem)}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .75rem;letter-spacing:-.015em}
h2{font-size:1.1rem;line-height:1.35;margin:2rem 0 .5rem}
p,ul,ol,dl,pre{margin:0 0 1rem}
a{color:var(--accent);text-underline-offset:.15em}
.lead{font-size:1.05rem}
.soft,.hint{color:var(--soft)}
.hint{font-size:.925rem;margin:.15rem 0 .45rem}
code,pre,textarea{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.875em}
code{background:var(--code);border-radius:.25rem;padding:.1em .3em;overflow-wrap:anywhere}
pre{background:var(--code);border:1px solid var(--line);border-radius:.5rem;padding:.75rem;overflow-x:auto;line-height:1.5;
user-select:all;-webkit-user-select:all}
pre code{background:none;padding:0;overflow-wrap:normal}
textarea{width:100%;background:var(--code);color:inherit;border:1px solid var(--field);border-radius:.5rem;
padding:.75rem;line-height:1.45;resize:vertical;white-space:pre;overflow:auto}
.field{margin:0 0 1.4rem}
form .actions{margin-top:1.75rem}
label,legend{font-weight:600}
fieldset{border:0;padding:0;margin:0 0 1.4rem;min-width:0}
legend{padding:0}
input[type=text],input[type=url]{width:100%;font:inherit;color:inherit;background:var(--card);border:1px solid var(--field);
border-radius:.5rem;padding:.6rem .75rem;min-height:2.75rem}
input[aria-invalid=true]{border-color:var(--bad);border-width:2px}
.pick{display:grid;grid-template-columns:1.25rem 1fr;gap:0 .6rem;padding:.45rem 0}
.pick input{width:1.15rem;height:1.15rem;margin:.2rem 0 0;accent-color:var(--accent)}
.pick label{font-weight:500}
.pick .hint{grid-column:2;margin:0}
.button{display:inline-block;font:inherit;font-weight:600;background:var(--accent);color:var(--on-accent);
border:1px solid var(--accent);border-radius:.5rem;padding:.65rem 1.2rem;min-height:2.75rem;cursor:pointer;
text-decoration:none}
.button.quiet{background:none;color:var(--accent)}
.actions{display:flex;flex-wrap:wrap;gap:.75rem;align-items:center;margin:1.5rem 0 1.25rem}
ul,ol{padding-left:1.3rem}
.ways li{margin:0 0 .6rem}
.ways pre{margin:.2rem 0 0;padding:.5rem .75rem;white-space:pre-wrap;overflow-wrap:anywhere}
.ways pre code{overflow-wrap:anywhere}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.note{border-left:4px solid var(--accent);background:var(--note-back);padding:.8rem 1rem;border-radius:.35rem;
margin:0 0 1.25rem}
.note.bad{border-color:var(--bad);background:var(--bad-back)}
.note>:last-child{margin-bottom:0}
.wrong{color:var(--bad);font-weight:600;margin:.2rem 0 .4rem}
.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.4rem 1.25rem}
.facts dt{color:var(--soft)}
.facts dd{margin:0;overflow-wrap:anywhere}
.rights dt{font-weight:600;margin-top:.7rem}
.rights dd{margin:0}
.rights .access{font-weight:400;color:var(--soft)}
summary{cursor:pointer;font-weight:600;padding:.35rem 0}
details{margin:0 0 1rem}
.todo{list-style:none;padding:0}
.todo li{display:grid;grid-template-columns:1.6rem 1fr;padding:.8rem 0;border-top:1px solid var(--line)}
.todo li:first-child{border-top:0}
.todo h3{font-size:1rem;margin:0;line-height:1.55}
.todo p{margin:0;overflow-wrap:anywhere}
.sign{font-weight:700}
.done .sign{color:var(--good)}
.missing .sign{color:var(--bad)}
footer{color:var(--soft);font-size:.875rem;margin-top:1.25rem}
@media (max-width:32rem){.facts{grid-template-columns:minmax(0,1fr);gap:0}.facts dd{margin-bottom:.6rem}
.button{width:100%;text-align:center}}
""".replace("\n", "")

_HASH = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()


def headers(posts_to: str | None = None) -> dict[str, str]:
    """Return what goes with every page: nothing is loaded, framed, kept or sent elsewhere than to us and to `posts_to`."""
    targets = f"'self' {posts_to}" if posts_to else "'self'"
    policy = f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src data:; form-action {targets}; "
    return {
        "Content-Security-Policy": policy + "base-uri 'none'; frame-ancestors 'none'",
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin",  # our own check and GitHub's need an origin; no path ever leaves
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex, nofollow",
    }
