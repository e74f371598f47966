/** The page of the dashboard. Pure. */

export interface PageParts {
  /** From `Webview.asWebviewUri`. */
  readonly script: string;
  readonly style: string;
  /** From `Webview.cspSource`. */
  readonly source: string;
  readonly nonce: string;
}

/** Nothing remote, nothing inline: only our script and our style run. */
export function pageOf({ script, style, source, nonce }: PageParts): string {
  const policy = `default-src 'none'; style-src ${source}; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy" content="${policy}">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Bulkhead Health</title>
  <link rel="stylesheet" href="${style}">
</head>
<body>
  <main>
    <h1>Bulkhead Health</h1>
    <p id="summary" role="status">Waiting for the server…</p>
    <div id="charts"></div>
    <div id="tables"></div>
  </main>
  <script nonce="${nonce}" src="${script}"></script>
</body>
</html>
`;
}
