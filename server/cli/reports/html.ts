/** One self-contained page: search, filters and sums, light and dark. Nothing is loaded from anywhere. */
import type { CheckReport } from '../result.ts';
import { ruleOf } from '../listing.ts';
import { pageScript, pageStyle } from './html-page.ts';
import { text } from './markup.ts';
import { worstFirst } from './order.ts';

export function* htmlReport(report: CheckReport): Generator<string> {
  const { issues, summary, detectors, root } = report;
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${text(`Bulkhead: ${folderName(root)}`)}</title>
<style>${pageStyle}</style>
</head>
<body>
<header>
<h1>${text(folderName(root))}</h1>
<p>${String(summary.issues)} issues in ${String(summary.files)} files.${summary.baseline ? ` ${String(summary.baseline.known)} known issues are hidden by the baseline.` : ''}</p>
`;
  if (summary.incomplete.length > 0) {
    const items = summary.incomplete.map((reason) => `<li>${text(reason)}</li>`).join('');
    yield `<section class="incomplete" role="note"><h2>Not everything was checked</h2><ul>${items}</ul></section>\n`;
  }
  yield `</header>
<main>
<noscript><p>The list needs JavaScript, which this page brings along.</p></noscript>
<section id="charts" aria-label="Sums"></section>
<form id="filters" role="search"><label>Search <input type="search" name="text" autocomplete="off"></label><span id="severities"></span><output id="shown"></output></form>
<table><thead><tr><th scope="col">Severity</th><th scope="col">Place</th><th scope="col">Rule</th><th scope="col">Message</th></tr></thead><tbody id="issues"></tbody></table>
<button id="more" type="button" hidden>Show more</button>
<h2>Detectors</h2>
<table><thead><tr><th scope="col">Detector</th><th scope="col">State</th><th scope="col">Issues</th><th scope="col">Seconds</th></tr></thead><tbody>
`;
  for (const { name, status, issues: count, durationMs, error } of detectors) {
    const state = error === undefined ? status : `${status}: ${error}`;
    yield `<tr><th scope="row">${text(name)}</th><td>${text(state)}</td><td>${String(count)}</td><td>${(durationMs / 1000).toFixed(1)}</td></tr>\n`;
  }
  yield '</tbody></table>\n</main>\n<script type="application/json" id="data">[';
  let separator = '\n';
  for (const issue of worstFirst(issues)) {
    const { severity, file, range, message, url } = issue;
    const place = `${file}:${String(range.start.line + 1)}:${String(range.start.character + 1)}`;
    const link = url !== undefined && /^https?:/.test(url) ? url : '';
    yield separator + scriptData([severity, place, ruleOf(issue), message, link]);
    separator = ',\n';
  }
  yield `\n]</script>\n<script>${pageScript}</script>\n</body>\n</html>\n`;
}

/** JSON that cannot end the element around it. */
function scriptData(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003C');
}

function folderName(root: string): string {
  return root.split(/[\\/]/).findLast((part) => part !== '') ?? root;
}
