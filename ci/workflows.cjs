// SPDX-License-Identifier: GPL-2.0-or-later
//
// Behind ci/workflows: reads the YAML, checks it against a schema, or plays a job.
'use strict';
const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const yaml = require('js-yaml');

const load = (file) => yaml.load(fs.readFileSync(file, 'utf8'));
const die = (message) => { console.error(`ci/workflows: ${message}`); process.exit(100); };

async function schema(linters, files)
{
	const Ajv = require('ajv').default;
	const { schema } = await import(
		path.join(linters, 'node_modules/gitlab-ci-local/src/schema/schema.js'));
	const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
	const valid = ajv.compile(schema);
	let status = 0;

	for (const file of files) {
		if (valid(load(file)))
			continue;
		status = 1;
		for (const e of valid.errors)
			console.error(`${file}: ${e.instancePath}: ${e.message}`,
				JSON.stringify(e.params));
	}
	return status;
}

const sh = (shell, script, env) => {
	console.error(`$ ${script.trim()}`);
	const options = { stdio: 'inherit', env: { ...process.env, ...env } };
	const r = spawnSync(shell, ['-e', '-c', script], options);
	return r.status === null ? 111 : r.status;
};

const out = 'output/workflows';
// what an artifact's path names is put where the next job finds it
const keep = (from, to) => {
	if (!fs.existsSync(from))
		return;
	fs.mkdirSync(path.dirname(to), { recursive: true });
	fs.cpSync(from, to, { recursive: true });
};

// a job without a matrix is for all
const check_cell = (name, matrix, cell, spelt) => {
	for (const key of matrix ? Object.keys(cell) : [])
		if (!matrix[spelt(key)].includes(cell[key]))
			die(`${name}: the matrix has no ${key} ${cell[key]}`);
};

function github(name, cell)
{
	const job = load('.github/workflows/verify.yml').jobs[name] ||
		die(`github has no job ${name}`);
	const known = {
		'matrix.triple': cell.triple,
		'matrix.profile': cell.profile,
		'matrix.set': cell.set,
		'github.workspace': process.cwd(),
		'github.run_id': '1',
	};
	const fill = (text) => String(text).replace(/\$\{\{ *([a-z_.]+) *\}\}/g, (all, what) =>
		known[what] ?? die(`${all}: not known here`));
	const env = Object.fromEntries(
		Object.entries(job.env || {}).map(([k, v]) => [k, fill(v)]));

	fs.mkdirSync(out, { recursive: true });
	env.GITHUB_STEP_SUMMARY = path.resolve(out, 'summary');
	let status = 0;

	check_cell(name, job.strategy && job.strategy.matrix, cell, (key) => key);
	for (const step of job.steps) {
		if (status && step.if !== 'always()')
			continue;
		if (step.run)
			status = sh('bash', 'set -o pipefail\n' + fill(step.run), env) || status;
		else if (/upload-artifact/.test(step.uses))
			keep(fill(step.with.path), path.join(out, fill(step.with.name)));
		else if (/download-artifact/.test(step.uses)) {
			const prefix = step.with.pattern.replace('*', '');

			for (const d of fs.readdirSync(out).filter((d) => d.startsWith(prefix)))
				keep(path.join(out, d), path.join(step.with.path, d));
		}
	}
	return status;
}

function gitlab(name, cell)
{
	const all = load('ci/gitlab.yml');
	const job = all[name] || die(`gitlab has no job ${name}`);
	const env = {
		CI_PROJECT_DIR: process.cwd(),
		TRIPLE: cell.triple,
		PROFILE: cell.profile,
		SET: cell.set,
	};

	check_cell(name, job.parallel && job.parallel.matrix[0], cell, (key) => key.toUpperCase());
	for (const [k, v] of Object.entries(job.variables || {}))
		env[k] = v.replace('$CI_PROJECT_DIR', process.cwd());
	if (job.stage === 'report' && fs.existsSync(path.join(out, 'runs')))
		keep(path.join(out, 'runs'), 'runs');
	let status = sh('sh', [...all.default.before_script, ...job.script].join('\n'), env);
	if (job.after_script)
		sh('sh', job.after_script.join('\n'), env);
	for (const p of (job.artifacts || {}).paths || [])
		keep(p, path.join(out, p));
	return status;
}

(async () => {
	const [what, ...rest] = process.argv.slice(2);

	if (what === 'schema')
		return schema(rest[0], rest.slice(1));
	const play = { github, gitlab }[rest[0]] || die(`${rest[0]}: github or gitlab is wanted`);
	return play(rest[1], {
		triple: rest[2],
		profile: rest[3] || 's6',
		set: rest[4] || '2024-10',
	});
})().then((status) => process.exit(status), (e) => die(e.message));
