/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/live.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "verify/report/style.h"
#include "verify/report/table.h"

#include <stdio.h>
#include <string.h>

#define HEAD "lh-live 1"

#define FOLDER 5 /* words before it */

static void
add_field(struct buf *b, const char *s, char end)
{
	if (!s || !*s)
		s = "-";
	for (; *s; s++) {
		char c = *s < ' ' || *s > '~' ? '?' : *s;

		buf_add(b, &c, 1);
	}
	buf_add(b, &end, 1);
}

/* dir as it is from base */
static const char *
below(const char *base, const char *dir)
{
	size_t n = strlen(base);

	return dir && !strncmp(dir, base, n) && dir[n] == '/' ? dir + n + 1 : dir;
}

int
live_write(const char *dir, const struct table_testcase *testcases, size_t n, struct err *e)
{
	static const char *const states[] = { "waiting", "running" };
	struct buf b = { 0 }, path = { 0 };
	int r;

	buf_adds(&b, HEAD "\n");
	for (size_t i = 0; i < n; i++) {
		const struct table_testcase *c = &testcases[i];

		buf_addf(&b, "%s\t%lld\t",
		    c->state == TABLE_OVER ? verdict_names[c->verdict] : states[c->state],
		    (long long)(c->took / NS_PER_MS));
		add_field(&b, c->arch, '\t');
		add_field(&b, c->net, '\t');
		add_field(&b, c->scenario, '\t');
		add_field(&b, below(dir, c->dir), '\t');
		add_field(&b, c->doing, '\n');
	}
	buf_addf(&path, "%s/live", dir);
	r = file_write(path.p, b.p, b.n, 0644, e);
	buf_free(&path);
	buf_free(&b);
	return r;
}

/* nothing that a folder of this run is called */
static bool
leads_out(const char *dir)
{
	return *dir == '/' || !strncmp(dir, "..", 2) || strstr(dir, "/..");
}

const char *
live_folder(struct arena *a, const char *text, size_t number)
{
	struct lines l;
	char *line, *end;

	lines_text(a, "live", text, &l);
	line = lines_next(&l);
	if (!number || !line || strcmp(line, HEAD) != 0)
		return NULL;
	while (number-- && line)
		line = lines_next(&l);
	for (int i = 0; line && i < FOLDER; i++)
		line = (end = strchr(line, '\t')) ? end + 1 : NULL;
	if (!line || !(end = strchr(line, '\t')))
		return NULL;
	*end = '\0';
	return leads_out(line) ? NULL : line;
}

/* ---- the page ---- */

static const char style[] =
    "<style>#both{display:grid;grid-template-columns:minmax(12rem,auto) 1fr;gap:1.2rem}"
    "#both>div{min-width:0}#matrix{display:block;overflow:auto;max-height:80vh}"
    "pre{max-height:70vh;min-height:12rem;white-space:pre-wrap;overflow-wrap:anywhere}"
    ".running{background:#3d6894;color:#fff}.waiting{color:var(--dim)}"
    ".chosen{outline:2px solid var(--ink)}"
    "@media(max-width:40rem){#both{grid-template-columns:1fr}#matrix{max-height:40vh}}"
    "</style>\n";

static const char body[] =
    "<h1 id=sum>no run here yet</h1><div class=dim id=state>&nbsp;</div>\n"
    "<div id=both><div><h2>Matrix</h2><table id=matrix></table></div>\n"
    "<div><h2 id=title>Console</h2><div class=dim id=doing>choose a test case</div>"
    "<pre id=console tabindex=0></pre></div></div>\n"
    "<noscript>This page needs a script; DIR/index.html, which is there at the end, does not."
    "</noscript>\n";

/*
 * What a guest wrote goes into the page as text only.  The table is made once a run, then only the
 * words in it change: whoever is at one with the keyboard stays there.
 */
static const char script_table[] =
    "<script>\n"
    "'use strict';\n"
    "const id = x => document.getElementById(x), seconds = c => (c.ms / 1000).toFixed(1);\n"
    "const words = { pass: seconds, fail: () => 'FAIL', skip: () => 'skip',\n"
    "  inconclusive: () => 'inconclusive', waiting: () => '\\u00b7',\n"
    "  running: c => Math.floor(c.ms / 1000) + ' s' };\n"
    "let cases = [], names = '', chosen = 0, from = 0, decoder, line;\n"
    "function element(name, text) {\n"
    "  const e = document.createElement(name);\n"
    "  e.textContent = text;\n"
    "  return e;\n"
    "}\n"
    "function build() {\n"
    "  const columns = [...new Set(cases.map(c => c.image))], table = id('matrix');\n"
    "  table.replaceChildren();\n"
    "  const head = table.insertRow();\n"
    "  head.insertCell();\n"
    "  columns.forEach(c => head.append(element('th', c)));\n"
    "  for (const s of new Set(cases.map(c => c.scenario))) {\n"
    "    const row = table.insertRow(), th = element('th', s);\n"
    "    th.scope = 'row';\n"
    "    row.append(th);\n"
    "    for (const i of columns) {\n"
    "      const cell = row.insertCell();\n"
    "      for (const c of cases.filter(c => c.scenario === s && c.image === i)) {\n"
    "        const a = element('a', '');\n"
    "        a.href = '#' + c.number;\n"
    "        a.id = 'c' + c.number;\n"
    "        cell.append(a);\n"
    "      }\n"
    "    }\n"
    "  }\n"
    "}\n"
    "function take(text) {\n"
    "  const lines = text.trimEnd().split('\\n'), [age, report] = lines[0].split(' ');\n"
    "  cases = lines.slice(2).map((l, i) => {\n"
    "    const [state, ms, arch, net, scenario, dir, doing] = l.split('\\t');\n"
    "    return { number: i + 1, state, ms: +ms, image: arch + ' ' + net, scenario, doing };\n"
    "  });\n"
    "  const key = cases.map(c => c.image + c.scenario).join();\n"
    "  if (key !== names)\n"
    "    build();\n"
    "  names = key;\n"
    "  for (const c of cases) {\n"
    "    const a = id('c' + c.number);\n"
    "    a.textContent = words[c.state](c);\n"
    "    a.className = c.state + (c.number === chosen ? ' chosen' : '');\n"
    "  }\n"
    "  const count = s => cases.filter(c => c.state === s).length;\n"
    "  const bad = count('fail') + count('inconclusive'), running = count('running');\n"
    "  const over = cases.length - running - count('waiting');\n"
    "  id('sum').textContent = over + ' of ' + cases.length + ' over' +\n"
    "    (running ? ', ' + running + ' running' : '') + (bad ? ', ' + bad + ' failed' : '');\n"
    "  const state = id('state');\n"
    "  if (report === 'yes') {\n"
    "    const a = element('a', 'The report is there.');\n"
    "    a.href = '/report';\n"
    "    if (!state.querySelector('a'))\n"
    "      state.replaceChildren(a);\n"
    "  } else {\n"
    "    state.textContent = +age > 5 ? 'nothing new for ' + age + ' s: the run has ended ' +\n"
    "      'without a report, or its machine is busy' : 'the run is under way';\n"
    "  }\n"
    "  if (!chosen && running)\n"
    "    choose(cases.find(c => c.state === 'running').number);\n"
    "  const c = cases[chosen - 1];\n"
    "  if (c) {\n"
    "    id('title').textContent = c.image + ' ' + c.scenario;\n"
    "    id('doing').textContent = c.doing !== '-' ? c.doing : c.state;\n"
    "  }\n"
    "}\n";

/* lines of the kernel are dim, as in the report; escapes of a terminal are left out */
static const char script_console[] =
    "function choose(number) {\n"
    "  if (number === chosen)\n"
    "    return;\n"
    "  chosen = number;\n"
    "  restart();\n"
    "}\n"
    "function restart() {\n"
    "  from = 0;\n"
    "  decoder = new TextDecoder();\n"
    "  id('console').replaceChildren();\n"
    "  line = null;\n"
    "}\n"
    "function add(text) {\n"
    "  const pre = id('console'), stays = pre.scrollTop + pre.clientHeight < pre.scrollHeight - "
    "9;\n"
    "  for (const part of text.replace(/\\x1b\\[[0-9;?]*[A-Za-z]|\\r/g, '').split(/(?<=\\n)/)) {\n"
    "    if (!line)\n"
    "      pre.append(line = element('span', ''));\n"
    "    line.textContent += part;\n"
    "    line.className = /^\\[ *[0-9]+\\.[0-9]+\\]/.test(line.textContent) ? 'dim' : '';\n"
    "    if (part.endsWith('\\n'))\n"
    "      line = null;\n"
    "  }\n"
    "  while (pre.childElementCount > 3000)\n"
    "    pre.firstElementChild.remove();\n"
    "  if (!stays)\n"
    "    pre.scrollTop = pre.scrollHeight;\n"
    "}\n"
    "async function read() {\n"
    "  const of = chosen, at = from, r = await fetch('/console/' + of + '/' + at);\n"
    "  if (of !== chosen || at !== from)\n"
    "    return;\n"
    "  if (r.status === 416)\n"
    "    restart();\n"
    "  if (!r.ok)\n"
    "    return;\n"
    "  const bytes = await r.arrayBuffer();\n"
    "  if (of !== chosen || at !== from || !bytes.byteLength)\n"
    "    return;\n"
    "  from += bytes.byteLength;\n"
    "  add(decoder.decode(bytes, { stream: true }));\n"
    "}\n"
    "async function look() {\n"
    "  try {\n"
    "    const r = await fetch('/live');\n"
    "    if (r.ok)\n"
    "      take(await r.text());\n"
    "    if (chosen)\n"
    "      await read();\n"
    "  } catch (e) {\n"
    "    id('state').textContent = 'lh-verify watch has ended';\n"
    "  }\n"
    "  setTimeout(look, 500);\n"
    "}\n"
    "onhashchange = () => choose(+location.hash.slice(1) || chosen);\n"
    "onhashchange();\n"
    "restart();\n"
    "look();\n"
    "</script>\n";

void
live_page(struct buf *out)
{
	style_begin(out, "verify: live");
	buf_adds(out, style);
	buf_adds(out, body);
	buf_adds(out, script_table);
	buf_adds(out, script_console);
	buf_adds(out, "</html>\n");
}
