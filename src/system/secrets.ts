/** Shorter values are too common in ordinary text to be replaced safely. */
const SHORTEST_SECRET = 6;
/** Lines of a secret of several lines: output is cleaned line by line, and "-----BEGIN" of a key is no secret. */
const SHORTEST_LINE = 16;

/** The longest first: a secret inside of another must not leave the rest of that one readable. */
let secrets: readonly string[] = [];

/** Makes a value a secret: from now on `redact` replaces it, as it stands, line by line, and in base64. */
export function registerSecret(value: string | undefined): void {
  const whole = value?.trim() ?? '';
  if (value === undefined || whole.length < SHORTEST_SECRET) return;
  const lines = whole
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line.length >= SHORTEST_LINE && !line.startsWith('-----'));
  const forms = [value, whole, ...lines].flatMap((text) => [
    text,
    Buffer.from(text, 'utf8').toString('base64'),
  ]);
  secrets = [...new Set([...secrets, ...forms])].sort((a, b) => b.length - a.length);
}

/** The text with every registered secret replaced. All output passes through here. */
export function redact(text: string): string {
  let clean = text;
  for (const secret of secrets) clean = clean.replaceAll(secret, '[secret]');
  return clean;
}

/** A value as JSON, indented, with every registered secret in its texts replaced. */
export function redactedJson(value: unknown): string {
  const clean = (_key: string, part: unknown): unknown => (typeof part === 'string' ? redact(part) : part);
  return `${JSON.stringify(value, clean, 2)}\n`;
}
