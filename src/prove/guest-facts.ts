import { readFile } from 'node:fs/promises';

/**
 * What runs in a machine: `facts` on every one, `container` and `dcos` by payload, `run-check` around each check of the
 * user's own. Shell scripts, in a folder beside this file.
 */
export type GuestScript = 'facts' | 'container' | 'dcos' | 'run-check';

/** A script's text. The bundled program has them beside itself too. */
export async function guestScript(name: GuestScript): Promise<string> {
  return readFile(new URL(`./guest/${name}.sh`, import.meta.url), 'utf8');
}

/** The facts by name, in the order in which they were told. */
export type GuestFacts = ReadonlyMap<string, readonly string[]>;

/** Reads what the scripts printed; other lines (a greeting at login) are passed over. */
export function parseFacts(output: string): GuestFacts {
  const facts = new Map<string, string[]>();
  for (const line of output.split('\n')) {
    const [, name, value] = /^([a-z][a-z-]*)\t(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const values = facts.get(name);
    if (values === undefined) facts.set(name, [value]);
    else values.push(value);
  }
  return facts;
}
