import { resolve } from 'node:path';
import { BuilderError } from '../errors.ts';
import { parseSizeBytes } from './size.ts';
import { flagOf, type VariableName, type VariableValues } from './variables.ts';

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000 } as const;
/** Longer ones are slips of the hand; Node's timers end at 24 days. */
const LONGEST_MS = 24 * UNIT_MS.h;

/**
 * Reads single variables and keeps each problem, so that the user sees all of them in one go. A value that is not given,
 * or malformed, is undefined.
 */
export class VariableReader {
  readonly problems: BuilderError[] = [];
  readonly #values: VariableValues;
  readonly #cwd: string;

  /** Relative paths begin at `cwd`. */
  constructor(values: VariableValues, cwd: string) {
    this.#values = values;
    this.#cwd = cwd;
  }

  /** As it was given. */
  text(name: VariableName): string | undefined {
    return this.#values[name];
  }

  /** As it was given, where it fits; `expected` completes "which is not …". */
  matching(name: VariableName, pattern: RegExp, expected: string): string | undefined {
    const value = this.#values[name];
    return value === undefined || pattern.test(value) ? value : this.wrong(name, expected);
  }

  oneOf<Choice extends string>(name: VariableName, choices: readonly Choice[]): Choice | undefined {
    const value = this.#values[name];
    if (value === undefined) return undefined;
    return choices.find((choice) => choice === value) ?? this.wrong(name, `one of: ${choices.join(', ')}`);
  }

  /** A list with commas. */
  someOf<Choice extends string>(
    name: VariableName,
    choices: readonly Choice[],
  ): readonly Choice[] | undefined {
    const value = this.#values[name];
    const parts = value?.split(',').map((part) => part.trim());
    const found = parts?.flatMap((part) => choices.find((choice) => choice === part) ?? []);
    if (value === undefined || found?.length === parts?.length) return found;
    return this.wrong(name, `one of ${choices.join(', ')}, or several of them with commas`);
  }

  /** An absolute path. */
  path(name: VariableName): string | undefined {
    // Packer and Ansible both take {{ for the start of a template, and no file of ours survives a line end in a name.
    const value = this.matching(name, /^(?!.*\{\{)\P{Cc}*$/su, 'a path without {{ and line ends');
    return value === undefined ? undefined : resolve(this.#cwd, value);
  }

  /** An absolute path, or a URL as it stands. */
  location(name: VariableName): string | undefined {
    const value = this.#values[name];
    if (value === undefined || !/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return this.path(name);
    if (/^https?:\/\//i.test(value) && URL.canParse(value)) return value;
    return this.wrong(name, 'a path, or an address that starts with https:// or http://');
  }

  /** Hexadecimal, in small letters. */
  sha256(name: VariableName): string | undefined {
    return this.matching(name, /^[0-9a-f]{64}$/i, '64 hexadecimal digits')?.toLowerCase();
  }

  sizeBytes(name: VariableName, atLeastBytes = 1): number | undefined {
    const value = this.#values[name];
    if (value === undefined) return undefined;
    const bytes = parseSizeBytes(value);
    if (bytes === undefined) return this.wrong(name, 'a size such as 2048M or 20G');
    return bytes < atLeastBytes ? this.wrong(name, `at least ${atLeastBytes / 1024 ** 2}M`) : bytes;
  }

  count(name: VariableName): number | undefined {
    const value = this.matching(name, /^[1-9]\d{0,2}$/, 'a whole number from 1 to 999');
    return value === undefined ? undefined : Number(value);
  }

  timeMs(name: VariableName): number | undefined {
    const value = this.#values[name];
    if (value === undefined) return undefined;
    const [, number, unit] = /^([1-9]\d{0,4})([smh])$/.exec(value) ?? [];
    const timeMs = Number(number) * UNIT_MS[unit as keyof typeof UNIT_MS];
    return timeMs <= LONGEST_MS ? timeMs : this.wrong(name, 'a time such as 90s or 10m, 24h at most');
  }

  /** Says that a value is not what it should be. */
  wrong(name: VariableName, expected: string): undefined {
    this.problem(`${name} is ${JSON.stringify(this.#values[name])}, which is not ${expected}`, {
      hint: `set ${name} or ${flagOf(name)} to ${expected}`,
    });
    return undefined;
  }

  /** Says that one of two is missing, which belong together. */
  half(given: VariableName, missing: VariableName): undefined {
    this.problem(`${given} is set, but ${missing} is not`, {
      hint: `set ${missing} or ${flagOf(missing)} too`,
    });
    return undefined;
  }

  problem(message: string, options: { readonly hint: string }): void {
    this.problems.push(new BuilderError('settings-invalid', message, options));
  }
}
