import { ServiceError } from '../service-error.ts';

/**
 * The parameters of a request in the query protocol: `Filter.1.Name=…&Filter.1.Value.1=…`. It knows which of them were
 * asked for, so that one that nobody knows can be refused.
 */
export class QueryParams {
  readonly #values: ReadonlyMap<string, string>;
  readonly #used: Set<string>;
  readonly #prefix: string;

  constructor(values: ReadonlyMap<string, string>, used = new Set<string>(), prefix = '') {
    this.#values = values;
    this.#used = used;
    this.#prefix = prefix;
  }

  static parse(body: string): QueryParams {
    return new QueryParams(new Map(new URLSearchParams(body)), new Set(['Action', 'Version']));
  }

  /** One value, undefined when it is not given. */
  text(name: string): string | undefined {
    const key = `${this.#prefix}${name}`;
    this.#used.add(key);
    return this.#values.get(key);
  }

  require(name: string): string {
    const value = this.text(name);
    if (value !== undefined && value !== '') return value;
    throw new ServiceError(
      'MissingParameter',
      `The request must contain the parameter ${this.#prefix}${name}`,
    );
  }

  flag(name: string): boolean {
    const value = this.text(name);
    if (value === undefined || value === 'false') return false;
    if (value === 'true') return true;
    throw new ServiceError('InvalidParameterValue', `${this.#prefix}${name} is true or false, not ${value}`);
  }

  number(name: string): number | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : Number(value);
  }

  /** `Owner.1`, `Owner.2` and so on. */
  list(name: string): string[] {
    const values: string[] = [];
    for (let place = 1; ; place += 1) {
      const value = this.text(`${name}.${place}`);
      if (value === undefined) return values;
      values.push(value);
    }
  }

  /** The parts of `Filter.1.…`, `Filter.2.…` and so on, each with names of its own. */
  items(name: string): QueryParams[] {
    const items: QueryParams[] = [];
    for (let place = 1; ; place += 1) {
      const item = this.member(`${name}.${place}`);
      if (!item.isThere) return items;
      items.push(item);
    }
  }

  /** The part below a name: `Ebs` of `Ebs.SnapshotId`. */
  member(name: string): QueryParams {
    return new QueryParams(this.#values, this.#used, `${this.#prefix}${name}.`);
  }

  get isThere(): boolean {
    return [...this.#values.keys()].some((key) => key.startsWith(this.#prefix));
  }

  /** Refuses what no part of an action has asked for. */
  refuseUnused(): void {
    const unknown = [...this.#values.keys()].find((key) => !this.#used.has(key));
    if (unknown === undefined) return;
    throw new ServiceError('UnknownParameter', `The parameter ${unknown} is not recognized`);
  }
}
