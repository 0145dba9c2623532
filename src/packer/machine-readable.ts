/** One line of `packer build -machine-readable`: timestamp, target, type, data (docs: "machine-readable output"). */
export interface PackerMessage {
  /** The builder that speaks; empty when Packer itself does. */
  readonly target: string;
  readonly type: string;
  readonly data: readonly string[];
}

/** Parses one line; undefined for a line that is not in the format (a plugin that wrote straight to the terminal). */
export function parseMachineLine(line: string): PackerMessage | undefined {
  const [timestamp, target, type, ...data] = line.split(',');
  if (timestamp === undefined || target === undefined || type === undefined) return undefined;
  if (!/^\d+$/.test(timestamp)) return undefined;
  return { target, type, data: data.map((text) => text.replaceAll('%!(PACKER_COMMA)', ',')) };
}

/**
 * Packer writes a line end as a backslash with a letter, and a backslash as itself: a text cannot be told from an
 * escape. Ansible's JSON is full of such backslashes, and always comes as one line.
 */
function splitLines(text: string): string[] {
  return text.includes(' => {') ? [text] : text.split(/(?:\\r)?\\n|\\r/);
}

/** A line that Packer would show: `say` is its own voice, `message` is a tool's, `error` is red. */
export interface PackerUiLine {
  readonly kind: 'say' | 'message' | 'error';
  /** The builder's name, taken from the line's own prefix. */
  readonly builder: string;
  /** The text without Packer's `==> qemu: ` or `    qemu: ` in front. */
  readonly text: string;
}

/** The lines of a `ui` message; empty for every other message. */
export function uiLines(message: PackerMessage): PackerUiLine[] {
  const [kind, text] = message.data;
  if (message.type !== 'ui' || text === undefined) return [];
  if (kind !== 'say' && kind !== 'message' && kind !== 'error') return [];
  return splitLines(text).map((line) => {
    const match = /^(?:==> |[ ]{4})([\w.-]+)(?: \([\w-]+\))?: ?(.*)$/s.exec(line);
    return { kind, builder: match?.[1] ?? '', text: match?.[2] ?? line };
  });
}

/** The id of what a builder has made, if the message tells of one: a folder's name, `us-west-2:ami-…`. */
export function artifactId({ target, type, data }: PackerMessage): string | undefined {
  const [, what, id] = data;
  return target !== '' && type === 'artifact' && what === 'id' ? id : undefined;
}

/** Why a builder's build has failed, in whole, if the message tells of it. */
export function buildError({ target, type, data }: PackerMessage): string | undefined {
  const [text] = data;
  return target === '' || type !== 'error' ? undefined : text?.replaceAll('\\n', '\n');
}
