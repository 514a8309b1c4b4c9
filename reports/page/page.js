/*
 * What a page can do beyond being read: sort and filter the table, draw the plots of a cell when
 * it is opened, show values under the pointer and by the arrow keys, tabs, a dark theme, and
 * downloads. Text of a document is only ever set as text, never as HTML.
 */
'use strict';
(() => {

/* --- The document, see page_document.c ------------------------------------------------------ */

/* Rows from columns; a column that is no list has that value in every row. */
function rows(packed) {
	if (!packed || Array.isArray(packed))
		return packed || [];
	const names = Object.keys(packed.columns);
	return Array.from({length: packed.n}, (_, i) => Object.fromEntries(names.map((name) => {
		const column = packed.columns[name];
		return [name, Array.isArray(column) ? column[i] : column];
	})));
}

/* Those of a judgement and of the history are as they were. */
function unpack(doc) {
	if (!doc.run)
		return doc;
	doc.run.units = rows(doc.run.units);
	for (const cell of doc.cells) {
		cell.passes = rows(cell.passes);
		cell.latency.passes = rows(cell.latency.passes);
		cell.latency.histogram = rows(cell.latency.histogram);
	}
	return doc;
}

const documents = new Map();

const kindOf = (run) => run.dataset.kind ?? 'run';

function documentOf(run) {
	if (!documents.has(run))
		documents.set(run, unpack(JSON.parse(run.querySelector('.document').textContent)));
	return documents.get(run);
}

/* --- Words and elements ---------------------------------------------------------------------- */

function element(name, attributes = {}, ...children) {
	const made = document.createElement(name);
	for (const [key, value] of Object.entries(attributes))
		made.setAttribute(key, value);
	made.append(...children);
	return made;
}

function svg(name, attributes = {}, ...children) {
	const made = document.createElementNS('http://www.w3.org/2000/svg', name);
	for (const [key, value] of Object.entries(attributes))
		made.setAttribute(key, value);
	made.append(...children);
	return made;
}

function button(words, act) {
	const made = element('button', {type: 'button'}, words);
	made.addEventListener('click', act);
	return made;
}

const grouped = (n, digits = 0) =>
	n.toLocaleString('en-US', {maximumFractionDigits: digits, minimumFractionDigits: digits});

/* At most three digits that matter, as the tables have them. */
function short(n) {
	return n >= 1000 ? grouped(Math.round(n)) : String(Number(n.toPrecision(3)));
}

function duration(ns) {
	const units = ['ns', '\u00b5s', 'ms', 's'];
	let i = 0;
	for (; ns >= 999.5 && i < 3; i++)
		ns /= 1000;
	return `${short(ns)} ${units[i]}`;
}

function count(n, word) {
	const end = word.endsWith('ies') || n === 1 ? '' : word.endsWith('s') ? 'es' : 's';
	return `${grouped(n)} ${word}${end}`;
}

/* --- Values under the pointer ---------------------------------------------------------------- */

const tip = document.getElementById('tip');

function showTip(words, x, y) {
	tip.textContent = words;
	tip.hidden = false;
	const box = tip.getBoundingClientRect();
	const left = Math.min(Math.max(4, x - box.width / 2), innerWidth - box.width - 4);
	const top = y - box.height - 12 < 4 ? y + 18 : y - box.height - 12;
	tip.style.transform = `translate(${left}px, ${top}px)`;
}

function hideTip() {
	tip.hidden = true;
}

/* The words of an element: its title, which the browser would show late, and not by the keys. */
function takeTitle(at) {
	const title = at.querySelector(':scope > title');
	const words = title?.textContent ?? at.getAttribute('title');
	if (words)
		at.dataset.tip = words;
	title?.remove();
	at.removeAttribute('title');
	return at.dataset.tip;
}

addEventListener('pointerover', (event) => {
	const at = event.target.closest?.('svg .point, svg .ideal, svg.dots, svg .mark, .matrix td');
	const words = at && takeTitle(at);
	if (words)
		showTip(words, event.clientX, event.clientY);
	else if (!event.target.closest?.('svg.walk'))
		hideTip();
});
/* The words of a field of the matrix that has the focus; false: none has. */
function showFocused(element) {
	const at = element?.closest?.('.matrix td'), words = at && takeTitle(at);
	if (!words)
		return false;
	const box = at.getBoundingClientRect();
	showTip(words, box.left + box.width / 2, box.top);
	return true;
}
addEventListener('focusin', (event) => showFocused(event.target));
addEventListener('focusout', (event) => event.target.closest?.('.matrix td') && hideTip());
/* A field that gets the focus may be scrolled into view. */
addEventListener('scroll', () => showFocused(document.activeElement) || hideTip(), {passive: true});
addEventListener('keydown', (event) => event.key === 'Escape' && hideTip());

/* --- Theme ----------------------------------------------------------------------------------- */

/* A page from a file may be refused its storage. */
function remembered(theme) {
	try {
		if (theme)
			localStorage.setItem('statmark-theme', theme);
		return localStorage.getItem('statmark-theme');
	} catch {
		return theme;
	}
}

function addThemes() {
	const root = document.documentElement;
	const isDark = () => root.dataset.theme ? root.dataset.theme === 'dark'
		: matchMedia('(prefers-color-scheme: dark)').matches;
	const kept = remembered();
	if (kept === 'dark' || kept === 'light')
		root.dataset.theme = kept;
	const toggle = button('', () => {
		root.dataset.theme = isDark() ? 'light' : 'dark';
		remembered(root.dataset.theme);
		name();
	});
	const name = () => { toggle.textContent = isDark() ? 'Light' : 'Dark'; };
	toggle.className = 'theme';
	toggle.title = 'Change between light and dark';
	name();
	matchMedia('(prefers-color-scheme: dark)').addEventListener('change', name);
	document.querySelector('.tools').append(toggle);
}

/* --- The table: sorting and filtering -------------------------------------------------------- */

/* Which field of a row a head stands above: heads and fields may span several. */
function fieldAt(row, column) {
	let at = 0;
	for (const field of row.cells) {
		if (at + field.colSpan > column)
			return field;
		at += field.colSpan;
	}
	return null;
}

function columnOf(head) {
	let at = 0;
	for (let before = head.previousElementSibling; before; before = before.previousElementSibling)
		at += before.colSpan;
	return at;
}

function valueAt(row, column) {
	const field = fieldAt(row, column);
	const raw = field?.dataset.v ?? field?.textContent.trim() ?? '';
	const number = Number(raw);
	return raw === '' ? null : Number.isNaN(number) ? raw : number;
}

/* Rows without a value come last, whatever the direction. */
function compare(a, b) {
	if (a === null || b === null)
		return (a === null) - (b === null);
	if (typeof a === 'number' && typeof b === 'number')
		return a - b;
	return String(a).localeCompare(String(b), 'en', {numeric: true});
}

function sortBy(table, head) {
	const down = head.getAttribute('aria-sort') === 'ascending';
	const column = columnOf(head);
	const body = table.tBodies[0];
	const keyed = [...body.rows].map((row) => ({row, key: valueAt(row, column)}));
	keyed.sort((a, b) => {
		const order = compare(a.key, b.key);
		return a.key === null || b.key === null || !down ? order : -order;
	});
	for (const other of table.tHead.querySelectorAll('[aria-sort]'))
		other.removeAttribute('aria-sort');
	head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
	body.append(...keyed.map(({row}) => row));
}

function addSorting(table) {
	for (const head of table.tHead.querySelectorAll('th[data-key]')) {
		const words = head.textContent;
		head.replaceChildren(button(words, () => sortBy(table, head)));
	}
}

/* A choice for each attribute that rows differ in. */
function addChoice(filter, table, key, words, act) {
	const values = [...new Set([...table.tBodies[0].rows].map((row) => row.dataset[key]))];
	if (values.length < 2)
		return null;
	values.sort((a, b) => a.localeCompare(b, 'en', {numeric: true}));
	const select = element('select', {},
		element('option', {value: ''}, 'all'),
		...values.map((value) => element('option', {value: `=${value}`}, value)));
	select.addEventListener('change', act);
	filter.append(element('label', {}, words, select));
	return {key, select};
}

/*
 * Whether a row has a word: in its names, verdict or reason, but not in a figure. A number is that
 * of the jobs, or stands alone in a name: "statx 2".
 */
function matcherOf(row) {
	const fields = [...row.cells].filter((field) => !field.matches('.n, .pm, .axis'));
	const textOf = (list) => list.map((field) => field.textContent).join(' ').toLowerCase();
	const names = fields.filter((field) => !field.matches('.none, .why, .reason'));
	const parts = new Set(textOf(names).split(/[^a-z0-9]+/)), text = textOf(fields);
	return (word) => !/^\d+$/.test(word) ? text.includes(word)
		: row.dataset.jobs === word || parts.has(word) || parts.has(`j${word}`);
}

function addFilter(filter, table) {
	const input = element('input', {type: 'search', placeholder: 'statx 2, or reason',
		autocomplete: 'off', spellcheck: 'false'});
	const shown = element('output', {'aria-live': 'polite'});
	const noun = table.dataset.noun ?? 'cell';
	const all = [...table.tBodies[0].rows];
	const matchers = new Map(all.map((row) => [row, matcherOf(row)]));
	const apply = () => {
		const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
		let n = 0;
		for (const row of all) {
			row.hidden = !words.every(matchers.get(row)) ||
				choices.some(({key, select}) =>
					select.value && select.value !== `=${row.dataset[key]}`);
			n += !row.hidden;
		}
		shown.textContent = n === all.length ? count(n, noun)
			: `${grouped(n)} of ${count(all.length, noun)}`;
	};
	filter.append(element('label', {}, 'Filter', input));
	const choices = [['verdict', 'Verdict'], ['metric', 'Metric'], ['host', 'Host'],
		['fs', 'Filesystem'], ['tree', 'Tree'], ['cache', 'Cache'], ['stage', 'Stage'],
		['jobs', 'Jobs'], ['status', 'Status']]
		.map(([key, words]) => addChoice(filter, table, key, words, apply))
		.filter(Boolean);
	filter.append(shown);
	input.addEventListener('input', apply);
	apply();
}

/* --- Plots ----------------------------------------------------------------------------------- */

const WIDE = 560, HIGH = 230, LEFT = 62, RIGHT = 12, TOP = 22, BOTTOM = 34;

/* Of any number of values: an argument for each is too much for 100,000. */
const least = (values) => values.reduce((a, b) => Math.min(a, b), Infinity);
const most = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);

function ticksOf({lo, hi, log}) {
	const ticks = [];
	if (log) {
		const fine = hi / lo < 1000 ? [1, 2, 5] : [1];
		for (let e = Math.floor(Math.log10(lo)); e <= Math.log10(hi); e++)
			ticks.push(...fine.map((step) => step * 10 ** e));
	} else {
		const rough = (hi - lo) / 5, unit = 10 ** Math.floor(Math.log10(rough));
		const step = unit * (rough / unit > 5 ? 10 : rough / unit > 2 ? 5 : rough / unit > 1 ? 2 : 1);
		for (let i = Math.ceil(lo / step); i * step <= hi; i++)
			ticks.push(Number((i * step).toPrecision(12)));
	}
	return ticks.filter((at) => at >= lo && at <= hi);
}

/* An axis around values, with some air; logarithmic where they span more than a decade. */
function axisOf(values, options) {
	let lo = least(values), hi = most(values);
	const log = options.log ?? (lo > 0 && hi / lo > 10);
	if (log) {
		const by = Math.max((hi / lo) ** 0.05, 1.05);
		lo = Math.max(lo, 1e-9) / by;
		hi *= by;
	} else {
		const by = Math.max((hi - lo) * 0.06, Math.abs(hi) * 1e-3, 1e-9);
		lo = options.zero ? 0 : lo - by;
		hi += by;
	}
	return {...options, lo, hi, log};
}

function share(axis, value) {
	return axis.log ? Math.log(Math.max(value, 1e-9) / axis.lo) / Math.log(axis.hi / axis.lo)
		: (value - axis.lo) / (axis.hi - axis.lo);
}

function drawing(x, y, words) {
	const at = {
		x: (value) => LEFT + share(x, value) * (WIDE - LEFT - RIGHT),
		y: (value) => HIGH - BOTTOM - share(y, value) * (HIGH - TOP - BOTTOM),
	};
	const axes = svg('g', {class: 'axes'});
	for (const tick of ticksOf(x)) {
		axes.append(svg('path', {d: `M${at.x(tick)} ${TOP}V${HIGH - BOTTOM}`}),
			svg('text', {x: at.x(tick), y: HIGH - BOTTOM + 15, 'text-anchor': 'middle'},
				(x.label ?? short)(tick)));
	}
	for (const tick of ticksOf(y)) {
		axes.append(svg('path', {d: `M${LEFT} ${at.y(tick)}H${WIDE - RIGHT}`}),
			svg('text', {x: LEFT - 6, y: at.y(tick) + 4, 'text-anchor': 'end'},
				(y.label ?? short)(tick)));
	}
	axes.append(svg('text', {class: 'name', x: (LEFT + WIDE - RIGHT) / 2, y: HIGH - 3,
		'text-anchor': 'middle'}, x.words), svg('text', {class: 'name', x: 2, y: 12}, y.words));
	const picture = svg('svg', {class: 'chart walk', viewBox: `0 0 ${WIDE} ${HIGH}`, role: 'img',
		tabindex: '0', 'aria-label': `${words}. Arrow keys go through the values.`}, axes);
	return {at, picture};
}

/* The nearest of `marks` ({x, y, words} in the picture) under the pointer, or by the arrows. */
function addWalk(picture, marks) {
	const cursor = svg('circle', {class: 'cursor', r: 6, visibility: 'hidden'});
	let now = -1;
	const go = (to) => {
		now = Math.min(Math.max(to, 0), marks.length - 1);
		const mark = marks[now], box = picture.getBoundingClientRect();
		cursor.setAttribute('cx', mark.x);
		cursor.setAttribute('cy', mark.y);
		cursor.setAttribute('visibility', 'visible');
		showTip(mark.words, box.left + mark.x * box.width / WIDE,
			box.top + mark.y * box.height / HIGH);
	};
	const leave = () => {
		cursor.setAttribute('visibility', 'hidden');
		hideTip();
	};
	picture.append(cursor);
	picture.addEventListener('pointermove', (event) => {
		const box = picture.getBoundingClientRect();
		const x = (event.clientX - box.left) * WIDE / box.width;
		const y = (event.clientY - box.top) * HIGH / box.height;
		const far = marks.map((mark) => (mark.x - x) ** 2 + ((mark.y - y) / 4) ** 2);
		go(far.indexOf(least(far)));
	});
	picture.addEventListener('pointerleave', leave);
	picture.addEventListener('blur', leave);
	picture.addEventListener('keydown', (event) => {
		const step = {ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity}[event.key];
		if (!step)
			return;
		event.preventDefault();
		go(Number.isFinite(step) ? now + step : step < 0 ? 0 : marks.length - 1);
	});
}

function figure(words, picture) {
	return element('figure', {class: 'panel'}, element('figcaption', {}, words), picture);
}

const PASSES_DRAWN = 4000; /* of those that were not disturbed */

/* Passes as they were made, disturbed ones as rings; those count where too few others are left. */
function passesPlot(cell) {
	const entries = cell.entries || 1;
	const unit = cell.entries ? 'ns per entry' : 'ns per pass';
	const passes = cell.passes.filter((pass) => Number.isFinite(pass.wall_ns) && pass.wall_ns > 0);
	if (!passes.length)
		return null;
	const times = passes.map((pass) => pass.wall_ns / entries);
	const off = passes.filter((pass) => !pass.clean).length;
	const x = axisOf(passes.map((_, i) => i + 1), {words: 'pass', log: false});
	const y = axisOf(times, {words: unit});
	const {at, picture} = drawing(x, y, `${count(passes.length, 'pass')} in time order, ${unit}, ` +
		`${short(least(times))} to ${short(most(times))}; ${off} disturbed`);
	const {p05, p95, median_of_passes: median} = cell.ns_per_entry;
	if (cell.entries && Number.isFinite(p05) && Number.isFinite(p95))
		picture.append(svg('rect', {class: 'band', x: LEFT, width: WIDE - LEFT - RIGHT,
			y: at.y(p95), height: Math.max(at.y(p05) - at.y(p95), 1)}));
	if (cell.entries && Number.isFinite(median))
		picture.append(svg('path', {class: 'median', d: `M${LEFT} ${at.y(median)}H${WIDE - RIGHT}`}));
	const step = Math.ceil(passes.length / PASSES_DRAWN);
	const marks = [];
	passes.forEach((pass, i) => {
		if (pass.clean && i % step)
			return;
		const mark = {x: at.x(i + 1), y: at.y(times[i]),
			words: `round ${pass.round}: ${short(times[i])} ${unit}, ${duration(pass.wall_ns)}` +
				(pass.clean ? '' : `; disturbed: ${pass.why ?? 'no reason given'}`)};
		picture.append(svg('circle', {class: pass.clean ? 'dot' : 'dot off', r: 2.6,
			cx: mark.x.toFixed(1), cy: mark.y.toFixed(1)}));
		marks.push(mark);
	});
	addWalk(picture, marks);
	return figure(`Passes in time order${off ? `; rings: ${off} disturbed` : ''}` +
		`${step > 1 ? `; of the others one in ${step} is drawn` : ''}. ` +
		'Line: median, band: 5 to 95 %', picture);
}

/* Buckets of the document, together in steps of a thirtieth of a decade. */
function latencyPlot(cell) {
	const {histogram, samples} = cell.latency;
	const bins = new Map();
	for (const {ns, count: n} of histogram) {
		const key = Math.floor(Math.log10(Math.max(ns, 1)) * 30);
		bins.set(key, (bins.get(key) ?? 0) + Number(n));
	}
	if (!bins.size || !samples)
		return null;
	const edge = (key) => 10 ** (key / 30);
	const keys = [...bins.keys()].sort((a, b) => a - b);
	const x = axisOf([edge(keys[0]), edge(keys.at(-1) + 1)],
		{words: 'time of a single entry', log: true, label: duration});
	const y = axisOf([1, ...bins.values()], {words: 'samples, logarithmic', log: true});
	y.lo = 0.7;
	const {at, picture} = drawing(x, y, `Histogram of ${count(Number(samples), 'sample')}`);
	const marks = keys.map((key) => {
		const n = bins.get(key), left = at.x(edge(key)), right = at.x(edge(key + 1));
		picture.append(svg('rect', {class: 'dot', x: left + 0.3, y: at.y(n),
			width: Math.max(right - left - 0.6, 0.6), height: HIGH - BOTTOM - at.y(n)}));
		return {x: (left + right) / 2, y: at.y(n), words: `${duration(edge(key))} to ` +
			`${duration(edge(key + 1))}: ${count(n, 'sample')}, ` +
			`${Number((100 * n / Number(samples)).toPrecision(2))}%`};
	});
	addWalk(picture, marks);
	return figure('Single entries', picture);
}

/* How many threads a strategy went on with that chooses the number itself. */
function decisionsPlot(cell) {
	const decisions = cell.decisions ?? [];
	if (decisions.length < 2)
		return null;
	const x = axisOf([0, ...decisions.map((d) => d.at_ns / 1e6)],
		{words: 'ms since the pass began', log: false, zero: true});
	const y = axisOf([0, ...decisions.map((d) => d.threads)],
		{words: 'threads', log: false, zero: true});
	const {at, picture} = drawing(x, y, `${decisions.length} decisions on the number of threads`);
	let path = `M${at.x(0)} ${at.y(decisions[0].before)}`;
	const marks = decisions.map((d) => {
		path += `H${at.x(d.at_ns / 1e6)}V${at.y(d.threads)}`;
		return {x: at.x(d.at_ns / 1e6), y: at.y(d.threads),
			words: `after ${duration(d.at_ns)}: ${d.before} to ${count(d.threads, 'thread')}`};
	});
	picture.append(svg('path', {class: 'median', d: path}));
	addWalk(picture, marks);
	return figure('Decisions', picture);
}

function drawCell(details) {
	const place = details.querySelector('.plots');
	if (place.childElementCount)
		return;
	const cell = documentOf(details.closest('.run')).cells[Number(place.dataset.cell)];
	place.append(...[passesPlot, latencyPlot, decisionsPlot].map((plot) => plot(cell))
		.filter(Boolean));
}

/* --- Downloads ------------------------------------------------------------------------------- */

/* A spreadsheet runs text that begins like a formula; control characters are spelled out. */
function csvField(value) {
	if (value === null || value === undefined)
		return '';
	if (typeof value === 'number' || typeof value === 'boolean')
		return String(value);
	let text = String(value).replace(/[\u0000-\u001f\u007f-\u009f]/g,
		(c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
	if (/^\s*[=+\-@|%\uff1d\uff0b\uff0d\uff20]/.test(text))
		text = `'${text}`;
	return `"${text.replaceAll('"', '""')}"`;
}

const csv = (lines) => lines.map((line) => line.map(csvField).join(',')).join('\r\n') + '\r\n';

const CELL_FIELDS = ['id', 'strategy', 'stage', 'jobs', 'pin', 'cache', 'tree', 'fs', 'status',
	'reason', 'entries', 'errors_total', 'syscalls_total', 'passes_clean'];
const ESTIMATE_FIELDS = ['median', 'lo', 'hi', 'n'];

function cellsCsv(doc) {
	const estimates = [['ns_per_entry', 'ns_per_entry'], ['ratio', 'ratio'], ['scaling', 'scaling']];
	const head = [...CELL_FIELDS,
		...estimates.flatMap(([, name]) => ESTIMATE_FIELDS.map((field) => `${name}_${field}`)),
		'p50_ns', 'p90_ns', 'p99_ns', 'p999_ns', 'max_ns'];
	return csv([head, ...doc.cells.map((cell) => [
		...CELL_FIELDS.map((field) => cell[field]),
		...estimates.flatMap(([key]) => ESTIMATE_FIELDS.map((field) => cell[key]?.[field])),
		...['p50', 'p90', 'p99', 'p999', 'max'].map((field) => cell.latency[field]),
	])]);
}

function passesCsv(doc) {
	const first = doc.cells.find((cell) => cell.passes.length)?.passes[0] ?? {};
	const fields = Object.keys(first);
	return csv([['cell', 'entries', ...fields], ...doc.cells.flatMap((cell) =>
		cell.passes.map((pass) => [cell.id, cell.entries, ...fields.map((field) => pass[field])]))]);
}

/* Rows of one kind; an object in a field becomes fields of its own. */
function rowsCsv(list) {
	const flat = list.map((row) => Object.fromEntries(Object.entries(row).flatMap(([key, value]) =>
		value && typeof value === 'object'
			? Object.entries(value).map(([part, field]) => [`${key}_${part}`, field])
			: [[key, value]])));
	const fields = [...new Set(flat.flatMap(Object.keys))];
	return csv([fields, ...flat.map((row) => fields.map((field) => row[field]))]);
}

function save(name, type, text) {
	const link = element('a', {
		href: URL.createObjectURL(new Blob([text], {type: `${type};charset=utf-8`})), download: name});
	document.body.append(link);
	link.click();
	link.remove();
	setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/* What each kind of page has as CSV. */
const TABLES = {
	run: {cells: cellsCsv, passes: passesCsv},
	judgement: {rows: (doc) => rowsCsv(doc.rows)},
	history: {series: (doc) => rowsCsv(doc.series), changes: (doc) => rowsCsv(doc.changes),
		points: (doc) => rowsCsv(doc.points)},
};

function addDownloads(run, stem) {
	const doc = () => documentOf(run);
	run.querySelector('.downloads').append(
		button('JSON', () => save(`${stem}.json`, 'application/json',
			`${JSON.stringify(doc(), null, 1)}\n`)),
		...Object.entries(TABLES[kindOf(run)]).map(([name, make]) => button(`CSV of ${name}`,
			() => save(`${stem}-${name}.csv`, 'text/csv', make(doc())))));
}

/* --- Tabs and links -------------------------------------------------------------------------- */

function addTabs(nav) {
	const links = [...nav.querySelectorAll('a')];
	const panels = links.map((link) => document.getElementById(link.hash.slice(1)));
	const choose = (chosen) => {
		links.forEach((link, i) => {
			link.setAttribute('aria-selected', String(i === chosen));
			link.tabIndex = i === chosen ? 0 : -1;
			panels[i].hidden = i !== chosen;
		});
	};
	nav.setAttribute('role', 'tablist');
	links.forEach((link, i) => {
		link.setAttribute('role', 'tab');
		link.setAttribute('aria-controls', panels[i].id);
		panels[i].setAttribute('role', 'tabpanel');
		link.addEventListener('click', (event) => {
			event.preventDefault();
			choose(i);
		});
		link.addEventListener('keydown', (event) => {
			const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
			if (!step)
				return;
			event.preventDefault();
			const to = (i + step + links.length) % links.length;
			choose(to);
			links[to].focus();
		});
	});
	choose(0);
	return (panel) => choose(panels.indexOf(panel));
}

function addLinks(choose) {
	const follow = (hash) => {
		const target = hash.length > 1 ? document.getElementById(hash.slice(1)) : null;
		const panel = target?.closest('section.run, #across');
		if (panel && choose)
			choose(panel);
		if (target?.matches('details'))
			target.open = true;
		target?.scrollIntoView();
	};
	addEventListener('hashchange', () => follow(location.hash));
	addEventListener('click', (event) => {
		const link = event.target.closest?.('main a[href^="#"]:not([role="tab"])');
		if (link && link.hash === location.hash) {
			event.preventDefault();
			follow(link.hash);
		}
	});
	if (location.hash)
		follow(location.hash);
}

/* --------------------------------------------------------------------------------------------- */

addThemes();
const runs = [...document.querySelectorAll('section.run')];
runs.forEach((run, i) => {
	const table = run.querySelector('table.cells');
	if (table) {
		addSorting(table);
		addFilter(run.querySelector('.filter'), table);
	}
	addDownloads(run, runs.length > 1 ? `run${i + 1}` : kindOf(run));
	for (const details of run.querySelectorAll('details.cell'))
		details.addEventListener('toggle', () => details.open && drawCell(details));
});
const nav = document.querySelector('nav.tabs');
addLinks(nav && addTabs(nav));

})();
