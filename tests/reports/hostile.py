"""Text as an attacker would write it into a spec, a display name or a server's answer."""

from hypothesis import strategies as st

PAYLOADS = [
    "\x1b[2J\x1b[31mred",
    "\x1b]8;;http://evil\x07click\x1b]8;;\x07",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x9b31m c1",
    "over\rwritten",
    "bell\x07 back\x08 del\x7f nul\x00",
    "right \u202eot tfel\u202c",
    "isolate \u2066x\u2069",
    "zero\u200bwidth\u200djoin\ufeff\u2060",
    "filler \u3164\u115f\uffa0",
    "tags \U000e0041\U000e0042",
    "variation \ufe00\U000e0100",
    "e" + "\u0301" * 50,
    "lone \ud800 surrogate \udfff",
    "line\u2028separator\u2029",
    "a\nb\n::error::annotation",
    "```\nfence\n````",
    "`code` ``more``",
    "| cell | bar \\| end |",
    "@org/team @user user@example.com",
    "#123 org/repo#1 GH-12 !5 %2 &3",
    "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
    "https://evil.example www.evil.example ftp://x mailto:a@b.c",
    "[link](https://evil) ![image](https://evil/x.png) <https://evil>",
    "[ref]: https://evil",
    "<img src=x onerror=alert(1)> <script>alert(1)</script> </details>",
    "--> <!-- comment",
    "* list - list 1. list # heading > quote",
    "# heading",
    "1. one",
    "- item",
    "> quote",
    "+++ ~~~ === ---",
    "**bold** _em_ ~~del~~ $math$ $$x$$",
    ":octocat: :tada:",
    "&lt;b&gt; &amp; &#64;org",
    "x" * 5000,
    "宽" * 300,
]
HOSTILE = (
    st.sampled_from(PAYLOADS)
    | st.text(st.characters(), max_size=60)
    | st.builds(lambda parts: "".join(parts), st.lists(st.sampled_from(PAYLOADS), min_size=2, max_size=3))
)
