/** The look and the behaviour of the HTML report. */

export const pageStyle = `
:root { color-scheme: light dark; --line: light-dark(#d0d7de, #3d444d); --soft: light-dark(#59636e, #9198a1);
  --error: light-dark(#b3261e, #ff8a80); --warning: light-dark(#8a5a00, #e8b339); --info: light-dark(#0b5cad, #6cb6ff); --hint: light-dark(#59636e, #9198a1); }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1.5rem; max-width: 80rem; color: light-dark(#1f2328, #e6edf3); background: light-dark(#fff, #14181d); }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; }
.incomplete { border-left: 4px solid var(--error); padding: .1rem 1rem; margin: 1rem 0; }
#charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 0 2rem; }
#charts ol { list-style: none; padding: 0; margin: 0 0 1rem; }
#charts button { display: grid; grid-template-columns: 1fr 4rem; width: 100%; gap: .5rem; border: 0; background: none; color: inherit; font: inherit; text-align: left; padding: .1rem .25rem; cursor: pointer; position: relative; }
#charts button:hover, #charts button:focus-visible { background: light-dark(#f0f3f6, #232a32); }
#charts button > :nth-child(2) { text-align: right; font-variant-numeric: tabular-nums; }
#charts .bar { position: absolute; left: 0; bottom: 0; height: 3px; }
#filters { display: flex; flex-wrap: wrap; gap: 1rem; align-items: center; padding: .75rem 0; position: sticky; top: 0; background: inherit; background-color: light-dark(#fff, #14181d); }
input[type=search] { font: inherit; width: 22rem; max-width: 60vw; padding: .25rem .5rem; }
output { color: var(--soft); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
th:first-child, td:first-child { white-space: nowrap; }
table { table-layout: auto; }
td:nth-child(2) { max-width: 26rem; }
tbody th { font-weight: normal; }
td:nth-child(4) { white-space: pre-wrap; width: 45%; }
td:nth-child(2), td:nth-child(3) { font-family: ui-monospace, monospace; font-size: .9em; }
a { color: var(--info); }
.error { color: var(--error); } .warning { color: var(--warning); } .info { color: var(--info); } .hint { color: var(--hint); }
.bar.error { background: var(--error); } .bar.warning { background: var(--warning); } .bar.info { background: var(--info); } .bar.hint { background: var(--hint); }
#more { font: inherit; margin: 1rem 0; padding: .4rem 1rem; }
`;

/** Texts are set as text, never as markup. */
export const pageScript = `
const all = JSON.parse(document.getElementById('data').textContent);
const severities = ['error', 'warning', 'info', 'hint'];
const form = document.getElementById('filters');
const body = document.getElementById('issues');
const step = 500;
let most = step;
const make = (name, text = '', className = '') => Object.assign(document.createElement(name), { textContent: text, className });
for (const severity of severities) {
  const count = all.filter((issue) => issue[0] === severity).length;
  if (count === 0) continue;
  const label = make('label', '', severity);
  const box = Object.assign(make('input'), { type: 'checkbox', name: severity, checked: true });
  label.append(box, ' ' + severity + ' ' + count);
  document.getElementById('severities').append(label, ' ');
}
function chart(title, nameOf) {
  const counts = new Map();
  for (const issue of all) {
    const name = nameOf(issue);
    const entry = counts.get(name) ?? { name, total: 0, worst: issue[0] };
    entry.total += 1;
    counts.set(name, entry);
  }
  const rows = [...counts.values()].sort((one, other) => other.total - one.total).slice(0, 8);
  const box = make('div');
  const list = make('ol');
  for (const { name, total, worst } of rows) {
    const button = Object.assign(make('button'), { type: 'button', title: 'Search for ' + name });
    const bar = make('span', '', 'bar ' + worst);
    bar.style.width = (100 * total) / rows[0].total + '%';
    button.append(make('span', name), make('span', String(total)), bar);
    button.addEventListener('click', () => { form.text.value = name; show(); });
    const item = make('li');
    item.append(button);
    list.append(item);
  }
  box.append(make('h2', title), list);
  document.getElementById('charts').append(box);
}
if (all.length > 0) {
  chart('Most frequent rules', (issue) => issue[2]);
  chart('Folders', (issue) => issue[1].split('/').slice(0, -1).slice(0, 2).join('/') || '.');
}
function show() {
  const wanted = form.text.value.toLowerCase();
  const found = all.filter((issue) => (form[issue[0]]?.checked ?? true) && (issue[1] + ' ' + issue[2] + ' ' + issue[3]).toLowerCase().includes(wanted));
  body.replaceChildren(...found.slice(0, most).map(([severity, place, rule, message, link]) => {
    const row = make('tr');
    const name = make('td');
    if (link === '') name.textContent = rule;
    else name.append(Object.assign(make('a', rule), { href: link, rel: 'noreferrer' }));
    row.append(make('td', severity, severity), make('td', place), name, make('td', message));
    return row;
  }));
  document.getElementById('shown').textContent = found.length + ' of ' + all.length;
  document.getElementById('more').hidden = found.length <= most;
}
form.addEventListener('input', () => { most = step; show(); });
form.addEventListener('submit', (event) => event.preventDefault());
document.getElementById('more').addEventListener('click', () => { most += step; show(); });
show();
`;
