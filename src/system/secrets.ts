/** Shorter values are too common in ordinary text to be replaced safely. */
const SHORTEST_SECRET = 6;

const secrets = new Set<string>();

/** Makes a value a secret: from now on `redact` replaces it, as it stands and in base64. */
export function registerSecret(value: string | undefined): void {
  if (value === undefined || value.length < SHORTEST_SECRET) return;
  secrets.add(value);
  secrets.add(Buffer.from(value, 'utf8').toString('base64'));
}

/** The text with every registered secret replaced. All output passes through here. */
export function redact(text: string): string {
  let clean = text;
  for (const secret of secrets) clean = clean.replaceAll(secret, '[secret]');
  return clean;
}
