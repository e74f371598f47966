/** The page of the dashboard. Pure. */
import * as l10n from '@vscode/l10n';

export interface PageParts {
  /** From `Webview.asWebviewUri`. */
  readonly script: string;
  readonly style: string;
  /** From `Webview.cspSource`. */
  readonly source: string;
  readonly nonce: string;
  readonly language: string;
  /** What the page says in that language, by what it says in English. */
  readonly texts: Readonly<Record<string, string>>;
}

/** Nothing remote, nothing inline: only our script and our style run. */
export function pageOf({ script, style, source, nonce, language, texts }: PageParts): string {
  const policy = `default-src 'none'; style-src ${source}; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="${escaped(language)}">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy" content="${policy}">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${escaped(l10n.t('Bulkhead Health'))}</title>
  <link rel="stylesheet" href="${style}">
</head>
<body>
  <main>
    <h1>${escaped(l10n.t('Bulkhead Health'))}</h1>
    <p id="summary" role="status">${escaped(l10n.t('Waiting for the server…'))}</p>
    <div id="charts"></div>
    <div id="tables"></div>
  </main>
  <script type="application/json" id="texts">${JSON.stringify(texts).replaceAll('<', '\\u003c')}</script>
  <script nonce="${nonce}" src="${script}"></script>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
