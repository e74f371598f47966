/** What secrets look like: those that providers issue, and random texts. Pure. A secret is never shown whole. */

interface Provider {
  readonly what: string;
  readonly pattern: RegExp;
  /** Anybody can make one, and tests do: there it opens nothing. */
  readonly isMadeInTests?: true;
}

/** The forms that the providers document. `\b` keeps longer texts, such as hashes, out. */
const PROVIDERS: readonly Provider[] = [
  { what: 'An access key of AWS', pattern: /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/ },
  { what: 'A token of GitHub', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b/ },
  { what: 'A token of GitLab', pattern: /\bgl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|imt|oas)-[\w-]{20,50}\b/ },
  { what: 'A token of npm', pattern: /\bnpm_[A-Za-z0-9]{36}\b/ },
  { what: 'A token of Slack', pattern: /\bxox(?:[bpers]|app)-(?:\d+-)+[A-Za-z0-9-]{10,}\b|\bxapp-\d-[A-Z0-9]+-\d+-[a-f0-9]+\b/ },
  { what: 'A webhook of Slack', pattern: /https:\/\/hooks\.slack\.com\/(?:services|workflows|triggers)\/T[A-Z0-9]{8,}\/[A-Z0-9]{8,}\/[A-Za-z0-9]{20,}/ },
  { what: 'A secret key of Stripe', pattern: /\b(?:sk|rk)_(?:live|test|prod)_[A-Za-z0-9]{16,99}\b/ },
  { what: 'A signing secret of Stripe', pattern: /\bwhsec_[A-Za-z0-9]{32,}\b/ },
  { what: 'A key of Google', pattern: /\bAIza[\w-]{35}(?![\w-])/ },
  { what: 'An OAuth token of Google', pattern: /\bya29\.[\w-]{30,}/ },
  { what: 'A client secret of Google', pattern: /\bGOCSPX-[\w-]{28}\b/ },
  { what: 'A key of OpenAI', pattern: /\bsk-(?:proj|svcacct|admin)-[\w-]{20,}T3BlbkFJ[\w-]{20,}|\bsk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}\b/ },
  { what: 'A key of Anthropic', pattern: /\bsk-ant-(?:api|admin)\d{2}-[\w-]{80,}/ },
  { what: 'A token of Hugging Face', pattern: /\bhf_[A-Za-z]{34}\b/ },
  { what: 'A key of SendGrid', pattern: /\bSG\.[\w-]{22}\.[\w-]{43}\b/ },
  { what: 'A key of Twilio', pattern: /\bSK[0-9a-f]{32}\b/ },
  { what: 'A key of Mailgun', pattern: /\bkey-[0-9a-f]{32}\b/ },
  { what: 'A key of Mailchimp', pattern: /\b[0-9a-f]{32}-us\d{1,2}\b/ },
  { what: 'A token of DigitalOcean', pattern: /\bdo[opr]_v1_[0-9a-f]{64}\b/ },
  { what: 'A token of Shopify', pattern: /\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b/ },
  { what: 'A token of Square', pattern: /\b(?:sq0atp-[\w-]{22}|sq0csp-[\w-]{43}|EAAA[\w-]{60})\b/ },
  { what: 'A token of Telegram', pattern: /\b\d{8,10}:AA[\w-]{33}\b/ },
  { what: 'A token of Discord', pattern: /\b[MNO][A-Za-z\d_-]{23,25}\.[\w-]{6}\.[\w-]{27,38}\b/ },
  { what: 'A token of Cloudflare', pattern: /\bv1\.0-[0-9a-f]{24}-[0-9a-f]{146}\b/ },
  { what: 'A token of Atlassian', pattern: /\bATATT3[\w=-]{180,}/ },
  { what: 'A token of Linear', pattern: /\blin_api_[A-Za-z0-9]{40}\b/ },
  { what: 'A token of Notion', pattern: /\b(?:secret_[A-Za-z0-9]{43}|ntn_[A-Za-z0-9]{46})\b/ },
  { what: 'A token of Postman', pattern: /\bPMAK-[0-9a-f]{24}-[0-9a-f]{34}\b/ },
  { what: 'A token of PyPI', pattern: /\bpypi-AgEIcHlwaS5vcmc[\w-]{50,}/ },
  { what: 'A token of Docker Hub', pattern: /\bdckr_(?:pat|oat)_[\w-]{27,}/ },
  { what: 'A token of Vault', pattern: /\bhv[sb]\.[\w-]{90,}/ },
  { what: 'A token of Grafana', pattern: /\b(?:glc_[A-Za-z0-9+/]{32,}={0,2}|glsa_[A-Za-z0-9]{32}_[0-9a-f]{8})/ },
  { what: 'A token of Sentry', pattern: /\bsntr(?:ys|yu)_[\w+/=-]{60,}/ },
  { what: 'A token of New Relic', pattern: /\bNRAK-[A-Z0-9]{27}\b/ },
  { what: 'A token of PlanetScale', pattern: /\bpscale_(?:tkn|pw|oauth)_[\w.=-]{32,64}/ },
  { what: 'A token of Databricks', pattern: /\bdapi[0-9a-f]{32}(?:-\d)?\b/ },
  { what: 'A token of Doppler', pattern: /\bdp\.(?:pt|st|ct|scim|audit)\.[A-Za-z0-9]{40,44}\b/ },
  { what: 'A token of Supabase', pattern: /\bsbp_[0-9a-f]{40}\b/ },
  { what: 'A token of Figma', pattern: /\bfigd_[\w-]{40,}/ },
  { what: 'A token of Airtable', pattern: /\bpat[A-Za-z0-9]{14}\.[0-9a-f]{64}\b/ },
  { what: 'A password in an address', pattern: /\b(?:mongodb(?:\+srv)?|postgres(?:ql)?|mysql|mariadb|redis|rediss|amqps?|mssql|ftp|sftp|smtps?):\/\/[^\s:/@'"${}<>]+:(?!(?:password|passwd|pass|pwd|secret|postgres|root|admin|user|guest|test|example|changeme|mysecretpassword|x+|\*+)@)[^\s:/@'"${}<>]{6,}@(?!(?:localhost|127\.|0\.0\.0\.0|host\b|db\b|redis\b|postgres\b|mysql\b|mongo\b|rabbitmq\b|example))[\w.-]+/i, isMadeInTests: true },
  { what: 'A JSON Web Token', pattern: /\beyJ[A-Za-z0-9_-]{17,}\.eyJ[A-Za-z0-9_-]{17,}\.[A-Za-z0-9_-]{20,}/, isMadeInTests: true },
]; // prettier-ignore

/** Samples of documentation. */
const SAMPLE =
  /EXAMPLE|example|sample|dummy|placeholder|your[-_]|<[^>]+>|x{6,}|X{6,}|0{8,}|1234567|abcdef(?:gh|123)|\.\.\.|\*{3}|TODO|CHANGE|fake/;

/** @param isTest whether the text is in a test */
export function providerOf(
  text: string,
  isTest: boolean,
): { readonly what: string; readonly secret: string } | undefined {
  if (text.length < 16) return undefined;
  for (const { what, pattern, isMadeInTests } of PROVIDERS) {
    if (isTest && isMadeInTests === true) continue;
    const secret = pattern.exec(text)?.[0];
    if (secret !== undefined && !SAMPLE.test(secret) && entropyOf(secret) >= 2.8) return { what, secret };
  }
  return undefined;
}

/** Whether a text is random enough to be a secret of that name. */
export function randomness(text: string, name: string): boolean {
  if (/\s/.test(text) || SAMPLE.test(text) || /^(?:https?:|\/|\.|#|\$|@|%|\{|<|process\.|env\.|import\.)/.test(text))
    return false;
  const isPassword = /pass(?:word|wd|phrase)?$|pwd$/i.test(name);
  // Words, names of things and keys of translations.
  if (/^[a-z]+(?:[-_.:/ ][a-z]+)*$/i.test(text) && !/[a-z][A-Z].*[a-z][A-Z].*[a-z][A-Z]/.test(text)) return false;
  if (text.toLowerCase().includes(name.toLowerCase())) return false;
  if (isPassword) return text.length >= 8 && /\d/.test(text) && /[a-z]/i.test(text) && entropyOf(text) >= 2.8;
  return text.length >= 16 && /\d/.test(text) && /[a-z]/i.test(text) && entropyOf(text) >= 3.5;
}

/** Shannon entropy in bits per character. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let entropy = 0;
  for (const count of counts.values()) entropy -= (count / text.length) * Math.log2(count / text.length);
  return entropy;
}

/** Enough to recognise it, too little to use it. */
export function masked(secret: string): string {
  return `\`${secret.slice(0, 4)}…\`, ${String(secret.length)} characters`;
}
