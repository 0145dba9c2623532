/**
 * Every failure that the program expects, by a stable code: scripts and tests match on the code, people read
 * the message and the hint. An error that is not a `BuilderError` is a bug in the program.
 */
export type ErrorCode =
  | 'settings-invalid'
  | 'key-missing'
  | 'key-unreadable'
  | 'key-passphrase'
  | 'key-mismatch'
  | 'key-unusable'
  | 'base-missing'
  | 'base-not-a-disk'
  | 'base-damaged'
  | 'base-make-failed'
  | 'checksum-mismatch'
  | 'checksum-malformed'
  | 'download-failed'
  | 'payload-missing'
  | 'payload-unfit'
  | 'credentials-missing'
  | 'credentials-refused'
  | 'aws-denied'
  | 'aws-quota'
  | 'aws-refused'
  | 'aws-unavailable'
  | 'ami-name-taken'
  | 'source-ami-missing'
  | 'disk-unbootable'
  | 'publish-busy'
  | 'template-malformed'
  | 'tool-missing'
  | 'tool-too-old'
  | 'process-failed'
  | 'disk-full'
  | 'image-path-busy'
  | 'image-path-unusable'
  | 'accelerator-unusable'
  | 'boot-timeout'
  | 'provision-failed'
  | 'packer-failed'
  | 'convert-failed'
  | 'compare-failed'
  | 'proof-failed'
  | 'evidence-unwritable'
  | 'format-unknown'
  | 'input-unreadable'
  | 'layer-input-unreadable'
  | 'incomplete-output'
  | 'signing-failed'
  | 'manifest-missing'
  | 'manifest-malformed'
  | 'report-unwritable'
  | 'doctor-problems'
  | 'guest-unknown'
  | 'guest-unclean'
  | 'guest-damaged'
  | 'images-differ'
  | 'layer-damaged'
  | 'layer-unknown'
  | 'layers-unusable'
  | 'layers-busy'
  | 'interrupted';

export interface BuilderErrorOptions {
  /** What the user does next, one sentence. */
  readonly hint?: string;
  /** The last lines of whatever failed, already free of secrets. */
  readonly tail?: readonly string[];
  /** Where the whole log is. */
  readonly logFile?: string;
  readonly cause?: unknown;
}

/** A failure with a code, a message that names the wrong value, and a hint. Shown without a stack trace. */
export class BuilderError extends Error {
  override readonly name: string = 'BuilderError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly tail: readonly string[];
  readonly logFile: string | undefined;

  constructor(code: ErrorCode, message: string, options: BuilderErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.tail = options.tail ?? [];
    this.logFile = options.logFile;
  }
}

/** Several problems found at once (settings, preflight): all are shown, not only the first. */
export class BuilderErrors extends BuilderError {
  override readonly name = 'BuilderErrors';
  readonly problems: readonly BuilderError[];

  constructor(problems: readonly BuilderError[]) {
    const [first] = problems;
    super(first?.code ?? 'settings-invalid', problems.map((problem) => problem.message).join('; '));
    this.problems = problems;
  }
}

/** The user asked to stop; `signal` decides the exit code (130 for SIGINT, 143 for SIGTERM). */
export class Interrupted extends BuilderError {
  override readonly name = 'Interrupted';
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super('interrupted', `stopped by ${signal}`);
    this.signal = signal;
  }
}

/** Turns anything thrown into an `Error`, so that a `catch` can read its message. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** The `code` of a Node.js system error (`ENOENT`, `ENOSPC`, …), if it is one. */
export function systemCode(thrown: unknown): string | undefined {
  const code: unknown = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
