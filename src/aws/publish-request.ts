import { BuilderError, BuilderErrors } from '../errors.ts';
import { BOOT_MODES, type BootMode } from './boot-modes.ts';

/** What `publish ami` was asked for, checked as far as it can be without a disk and without AWS. */
export interface PublishRequest {
  readonly region: string;
  /** Further regions. */
  readonly copyTo: readonly string[];
  /** Account ids. */
  readonly share: readonly string[];
  readonly encryption: 'none' | 'default-key' | { readonly keyArns: readonly string[] };
  /** Undefined: as the disk has it. */
  readonly bootMode: BootMode | undefined;
  readonly deprecateAt: Date | undefined;
  /** Whether blocks of zeros are written though nothing encrypts them. */
  readonly allBlocks: boolean;
  /** Whether everything is read back, not only a sample. */
  readonly verify: boolean;
  readonly dryRun: boolean;
}

/** The options as they were typed, by camelCase name. */
export type PublishOptions = Readonly<Record<string, string | boolean | undefined>>;

const REGION_NAME = /^[a-z]{2}(-[a-z]+)+-\d$/;
const ACCOUNT_ID = /^\d{12}$/;
const KEY_ARN = /^arn:aws[a-z-]*:kms:([a-z0-9-]+):\d{12}:key\/[\w-]+$/;
/** Parts of an AMI's name (EC2 API reference, RegisterImage). */
const AMI_NAME = /^[\w()[\]. /'@-]{3,128}$/;
const TEN_YEARS_MS = 10 * 365 * 86_400_000;

/** Reads the options of `publish ami`. Fails with `settings-invalid`, for all that is wrong at once. */
export function readPublishRequest(options: PublishOptions, region: string, nowMs: number): PublishRequest {
  const problems: BuilderError[] = [];
  const report = (message: string, hint: string): void => {
    problems.push(new BuilderError('settings-invalid', message, { hint }));
  };
  const copyTo = listOf(options['copyTo']).filter((name) => name !== region);
  for (const name of [region, ...copyTo].filter((each) => !REGION_NAME.test(each))) {
    report(`${JSON.stringify(name)} is not a region's name`, 'name regions such as us-west-2');
  }
  const share = listOf(options['share']);
  for (const account of share.filter((each) => !ACCOUNT_ID.test(each))) {
    report(`--share ${JSON.stringify(account)} is not an account`, 'an account id has 12 digits');
  }
  const encryption = readEncryption(options, [region, ...copyTo], report);
  if (encryption === 'default-key' && share.length > 0) {
    report('what is encrypted with the default key cannot be shared', 'give --kms-key, or leave --share out');
  }
  const request = {
    region,
    copyTo: [...new Set(copyTo)],
    share: [...new Set(share)],
    encryption,
    bootMode: readBootMode(options['bootMode'], report),
    deprecateAt: readDate(options['deprecateAt'], nowMs, report),
    allBlocks: options['allBlocks'] === true,
    verify: options['verify'] === true,
    dryRun: options['dryRun'] === true,
  };
  if (problems.length > 0) throw new BuilderErrors(problems);
  return request;
}

/** Makes sure that a text can be the name of an AMI. Fails with `settings-invalid`. */
export function requireAmiName(name: string): string {
  if (AMI_NAME.test(name)) return name;
  throw new BuilderError('settings-invalid', `${JSON.stringify(name)} cannot be the name of an AMI`, {
    hint: "give --name: 3 to 128 letters, digits, spaces and ( ) [ ] . / - ' @ _",
  });
}

/** The key for one region, as ARN; undefined when it is the account's default one or none. */
export function keyFor({ encryption }: PublishRequest, region: string): string | undefined {
  if (typeof encryption === 'string') return undefined;
  return encryption.keyArns.find((arn) => isKeyIn(arn, region));
}

/** Whether a text is the ARN of a key in a region. */
export function isKeyIn(text: string, region: string): boolean {
  return KEY_ARN.exec(text)?.[1] === region;
}

/** The keys that were given. */
export function keyArnsOf({ encryption }: PublishRequest): readonly string[] {
  return typeof encryption === 'string' ? [] : encryption.keyArns;
}

type Report = (message: string, hint: string) => void;

function readEncryption(
  options: PublishOptions,
  regions: readonly string[],
  report: Report,
): PublishRequest['encryption'] {
  const keyArns = listOf(options['kmsKey']);
  if (keyArns.length === 0) return options['encrypt'] === true ? 'default-key' : 'none';
  for (const arn of keyArns.filter((each) => !KEY_ARN.test(each))) {
    report(
      `--kms-key ${JSON.stringify(arn)} is not a key`,
      'give the ARN of a key: arn:aws:kms:REGION:ACCOUNT:key/ID',
    );
  }
  const covered = keyArns.map((arn) => KEY_ARN.exec(arn)?.[1]);
  for (const region of regions.filter((name) => !covered.includes(name))) {
    report(
      `--kms-key names no key of ${region}`,
      'give the ARN of one key for each region, separated by commas',
    );
  }
  return { keyArns };
}

function readBootMode(value: string | boolean | undefined, report: Report): BootMode | undefined {
  if (typeof value !== 'string') return undefined;
  const mode = BOOT_MODES.find((known) => known === value);
  if (mode === undefined)
    report(`--boot-mode is ${JSON.stringify(value)}`, `say one of: ${BOOT_MODES.join(', ')}`);
  return mode;
}

function readDate(value: string | boolean | undefined, nowMs: number, report: Report): Date | undefined {
  if (typeof value !== 'string') return undefined;
  const date = new Date(value);
  const dateMs = date.getTime();
  if (/^\d{4}-\d{2}-\d{2}/.test(value) && dateMs > nowMs && dateMs < nowMs + TEN_YEARS_MS) return date;
  const hint = 'give a date within the next ten years, such as 2028-12-31 or 2028-12-31T12:00:00Z';
  report(`--deprecate-at is ${JSON.stringify(value)}`, hint);
  return undefined;
}

function listOf(value: string | boolean | undefined): string[] {
  if (typeof value !== 'string') return [];
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
