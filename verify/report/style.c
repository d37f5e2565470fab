/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/style.h"

#include "build/base/buf.h"
#include "verify/report/markup.h"

/* one file, nothing fetched; follows the reader's light or dark */
static const char style[] =
    ":root{--bg:#fff;--ink:#1c2127;--dim:#66717b;--line:#dfe4e8;--ok:#256b43;--okbg:#e6f2ea;--bad:#"
    "a8201a;--badbg:#fbe8e6;--skip:#7d6116;--skipbg:#f8f1d9}\n"
    "@media(prefers-color-scheme:dark){:root{--bg:#15191d;--ink:#e2e6e9;--dim:#8b97a1;--line:#"
    "2b3239;--ok:#7fd19e;--okbg:#183425;--bad:#ff8f85;--badbg:#41211e;--skip:#dcbd63;--skipbg:#"
    "393017}}\n"
    "body{font:15px/1.5 "
    "system-ui,sans-serif;background:var(--bg);color:var(--ink);max-width:72rem;margin:0 "
    "auto;padding:1.2rem}\n"
    "h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.05rem;margin:2rem 0 "
    ".5rem}.dim{color:var(--dim);font-weight:400}\n"
    "code,pre,dd,td a{font:13px/1.45 ui-monospace,monospace}.wide{overflow-x:auto}\n"
    "table{border-collapse:collapse}th{font-size:.82rem;color:var(--dim);text-align:left;padding:."
    "2rem .4rem}td{padding:.12rem "
    ".2rem;white-space:nowrap}th[scope=row]{color:var(--ink);white-space:nowrap;font:13px/1.45 "
    "ui-monospace,monospace;position:sticky;left:0;background:var(--bg)}.took{text-align:right}\n"
    "td a{display:block;text-align:center;border-radius:4px;padding:.25rem "
    ".45rem;text-decoration:none;min-width:2.2rem}\n"
    ".pass{background:var(--okbg);color:var(--ok)}.fail,.inconclusive{background:var(--badbg);"
    "color:var(--bad);font-weight:700}.skip{background:var(--skipbg);color:var(--skip)}\n"
    ".card{border:1px solid var(--line);border-left:4px solid "
    "var(--bad);border-radius:6px;padding:.7rem 1rem}\n"
    "dl{display:grid;grid-template-columns:6.5rem 1fr;gap:.15rem .6rem;align-items:baseline;"
    "margin:.5rem 0}dt{color:var(--dim)}dd{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}\n"
    "pre{border:1px solid var(--line);border-radius:6px;padding:.7rem;overflow:auto;margin:.4rem "
    "0;max-height:28rem}mark{background:var(--badbg);color:var(--bad)}\n"
    "svg,img{display:block;max-width:100%}svg text{font:12px "
    "ui-monospace,monospace;fill:var(--ink)}svg "
    ".ax{fill:var(--dim)}rect{fill:#5b87b8}.slow{fill:#db8a35}svg.chart{width:100%;max-width:970px;"
    "min-width:640px;height:auto}rect.once{fill:none;stroke:#5b87b8;"
    "stroke-dasharray:3 2}details "
    "td:last-child{white-space:pre-wrap;overflow-wrap:anywhere}summary{cursor:pointer}a:focus-"
    "visible,summary:focus-visible,.wide:focus-visible,.end:focus-visible{outline:2px solid "
    "var(--ink);outline-offset:1px}:target{outline:2px solid var(--line)}\n"
    ".two{display:grid;grid-template-columns:1fr 1fr;gap:1rem}.two>div{min-width:0}\n"
    ".bar{display:block;height:.6rem;min-width:1px;background:#5b87b8}.choice label{margin-right:"
    "1rem}\n"
    "body:has(#only-bad:checked) details:not(.bad,:target),body:has(#only-slow:checked) "
    "details:not(.slow,:target),body:has(#only-new:checked) details:not(.new,:target)"
    "{display:none}\n"
    /* a trend over nights */
    ".trend .ok{fill:var(--ok)}.trend .no{fill:var(--bad)}.trend .both{fill:#db8a35}.trend "
    ".none{fill:var(--line)}.trend .line{fill:none;stroke:#5b87b8;stroke-width:1.5}.trend "
    ".base{stroke:var(--line)}.trend .mark{stroke:var(--dim);stroke-width:2}.trend "
    ".end{text-anchor:end}td.text{white-space:normal;overflow-wrap:anywhere;min-width:16rem;"
    "font-size:.85rem}td.text a,.list a{display:inline}.list a{margin-right:.8rem;font:13px/1.8 "
    "ui-monospace,monospace}.long{grid-template-columns:minmax(8rem,auto) 1fr}th a,p "
    "a{color:inherit}"
    ".fail.took{padding:0 .4rem}.cut{max-width:30rem;overflow:hidden;text-overflow:ellipsis}\n"
    "td.wrap{white-space:normal;min-width:8rem}\n"
    /* a console is read from its end */
    ".end{display:flex;flex-direction:column-reverse;overflow:auto;max-height:28rem}.end "
    "pre{max-height:none;overflow:visible;white-space:pre-wrap;overflow-wrap:anywhere}\n"
    "@media(max-width:60rem){.two{grid-template-columns:1fr;gap:0}}\n"
    "@media(max-width:40rem){body{padding:.7rem}.long{grid-template-columns:1fr}"
    "dl{grid-template-columns:4.5rem 1fr}.bar{display:none}}\n"
    "@media print{:root{--bg:#fff;--ink:#000;--dim:#444;--line:#bbb;--ok:#256b43;--okbg:#e6f2ea;"
    "--bad:#a8201a;--badbg:#fbe8e6;--skip:#7d6116;--skipbg:#f8f1d9}body{max-width:none;padding:0;"
    "print-color-adjust:exact}.wide,pre,.end{overflow:visible;max-height:none}.two,.end{display:"
    "block}pre{white-space:pre-wrap}"
    ".choice{display:none}svg{max-width:100%}h2{break-after:avoid}tr,.card{break-inside:avoid}}\n";

void
style_begin(struct buf *b, const char *title)
{
	buf_adds(b, "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport "
		    "content=\"width=device-width,initial-scale=1\"><title>");
	markup_adds(b, title);
	buf_addf(b, "</title>\n<style>\n%s</style>\n", style);
}

void
style_row(struct buf *b, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	buf_addf(b, "<dt>%s<dd>", name);
	markup_adds(b, text);
	buf_adds(b, "\n");
}
